// The geometries of real models: which tensors they have, and the metadata that describes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/io/gguf_write.h"

namespace kt::synth {

// What a tensor is for; a mix of types gives each part its own.
enum class TensorPart { kNorm, kRouter, kRouterBias, kEmbedding, kHead, kWeight, kSensitiveWeight, kLatentHead };

struct SynthTensor {
  std::string name;
  std::vector<int64_t> shape;
  TensorPart part = TensorPart::kWeight;
  double active = 1;  // share that one decoded token reads
};

struct SynthModel {
  core::GgufWriter::Metadata metadata;
  std::vector<SynthTensor> tensors;
};

// Sizes of one model. Sources: the config.json of the released checkpoints.
struct Geometry {
  const char* name;
  const char* architecture;  // as GGUF calls it
  int layers, dense_layers;
  int64_t hidden, inner, heads, kv_heads, head_dim;
  int64_t experts, used, expert_inner, shared;
  int64_t query_rank, rank, rope, nope, value;  // latent attention; rank 0: grouped-query attention
  bool sigmoid_routing;
  int64_t vocabulary, context;
  double rope_base;
};

const std::vector<Geometry>& geometries();

// 0 keeps the model's own number; with no more layers than dense ones no layer is dense.
struct GeometryCut {
  int layers = 0, experts = 0, vocabulary = 0;
};

SynthModel describe(const Geometry& geometry, const GeometryCut& cut);

}  // namespace kt::synth
