#include "apps/synth/synth.h"

#include <algorithm>

#include "apps/synth/geometry.h"
#include "apps/synth/random_blocks.h"
#include "core/tensor/shape.h"
#include "kt/format/dtype.h"

namespace kt::synth {

using namespace core;
namespace {

constexpr float kDeviation = 0.02f;

// The type of each part of a model under one --type.
struct TypeMix {
  const char* name;
  int32_t weight, sensitive, embedding, head, latent;
};

constexpr TypeMix kMixes[] = {
    {"f32", KT_F32, KT_F32, KT_F32, KT_F32, KT_F32},
    {"f16", KT_F16, KT_F16, KT_F16, KT_F16, KT_F16},
    {"bf16", KT_BF16, KT_BF16, KT_BF16, KT_BF16, KT_BF16},
    {"q8_0", KT_Q8_0, KT_Q8_0, KT_Q8_0, KT_Q8_0, KT_Q8_0},
    {"q4_0", KT_Q4_0, KT_Q4_0, KT_Q4_0, KT_Q6_K, KT_Q8_0},
    {"q4_1", KT_Q4_1, KT_Q4_1, KT_Q4_1, KT_Q6_K, KT_Q8_0},
    {"q5_0", KT_Q5_0, KT_Q5_0, KT_Q5_0, KT_Q6_K, KT_Q8_0},
    {"q5_1", KT_Q5_1, KT_Q5_1, KT_Q5_1, KT_Q6_K, KT_Q8_0},
    {"q2_k", KT_Q2_K, KT_Q3_K, KT_Q2_K, KT_Q6_K, KT_Q8_0},
    {"q3_k", KT_Q3_K, KT_Q3_K, KT_Q3_K, KT_Q6_K, KT_Q8_0},
    {"q4_k", KT_Q4_K, KT_Q4_K, KT_Q4_K, KT_Q6_K, KT_Q8_0},
    {"q4_k_m", KT_Q4_K, KT_Q6_K, KT_Q4_K, KT_Q6_K, KT_Q8_0},
    {"q5_k", KT_Q5_K, KT_Q5_K, KT_Q5_K, KT_Q6_K, KT_Q8_0},
    {"q5_k_m", KT_Q5_K, KT_Q6_K, KT_Q5_K, KT_Q6_K, KT_Q8_0},
    {"q6_k", KT_Q6_K, KT_Q6_K, KT_Q6_K, KT_Q6_K, KT_Q8_0},
    {"iq4_nl", KT_IQ4_NL, KT_IQ4_NL, KT_IQ4_NL, KT_Q6_K, KT_Q8_0},
    {"iq4_xs", KT_IQ4_XS, KT_IQ4_XS, KT_IQ4_XS, KT_Q6_K, KT_Q8_0},
    {"mxfp4", KT_MXFP4, KT_MXFP4, KT_Q8_0, KT_Q8_0, KT_Q8_0},
};

// Rows that are no multiple of a type's block take a type with shorter blocks and no fewer bits.
int32_t fitting(int32_t dtype, int64_t columns) {
  if (columns % format::dtype_info(dtype)->block_elements == 0) return dtype;
  const int32_t shorter = dtype == KT_Q6_K ? KT_Q8_0 : dtype == KT_Q5_K ? KT_Q5_1 : dtype == KT_IQ4_XS ? KT_IQ4_NL : KT_Q5_0;
  return columns % 32 == 0 ? shorter : KT_F16;
}

int32_t type_of(const TypeMix& mix, const SynthTensor& tensor) {
  switch (tensor.part) {
    case TensorPart::kNorm:
    case TensorPart::kRouter:
    case TensorPart::kRouterBias:
      return KT_F32;
    case TensorPart::kEmbedding:
      return fitting(mix.embedding, tensor.shape.back());
    case TensorPart::kHead:
      return fitting(mix.head, tensor.shape.back());
    case TensorPart::kLatentHead:
      return fitting(mix.latent, tensor.shape.back());
    case TensorPart::kSensitiveWeight:
      return fitting(mix.sensitive, tensor.shape.back());
    case TensorPart::kWeight:
      break;
  }
  return fitting(mix.weight, tensor.shape.back());
}

Status write_ones(GgufWriter& out, int64_t count) {
  const std::vector<float> ones(static_cast<size_t>(count), 1.0f);
  return out.write(std::as_bytes(std::span(ones)));
}

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> out;
  for (const auto& row : table) out.push_back(row.name);
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

std::vector<std::string> synth_geometries() { return names_of(geometries()); }
Error unknown_geometry(const std::string& name) {
  return fail(102, "there is no geometry '" + name + "'", "known: " + listed(synth_geometries()));
}

std::vector<std::string> synth_types() { return names_of(kMixes); }

Result<SynthReport> synthesize(const SynthOptions& options, const std::string& path) {
  const auto geometry =
      std::find_if(geometries().begin(), geometries().end(), [&](const Geometry& g) { return g.name == options.geometry; });
  if (geometry == geometries().end()) return unknown_geometry(options.geometry);
  const auto* mix = std::find_if(std::begin(kMixes), std::end(kMixes), [&](const TypeMix& m) { return m.name == options.type; });
  if (mix == std::end(kMixes)) return fail(102, "there is no type '" + options.type + "'", "known: " + listed(synth_types()));
  const SynthModel model = describe(*geometry, {options.layers, options.experts, options.vocabulary});

  SynthReport report;
  std::vector<GgufWriteTensor> table;
  for (const SynthTensor& tensor : model.tensors) {
    table.push_back({tensor.name, type_of(*mix, tensor), tensor.shape});
    const uint64_t bytes = *tensor_bytes(table.back().dtype, tensor.shape);
    report.bytes += bytes;
    report.active_bytes += static_cast<uint64_t>(static_cast<double>(bytes) * tensor.active);
    report.parameters += *element_count(tensor.shape);
  }
  auto writer = KT_TRY(GgufWriter::create(path, model.metadata, table));
  RandomBlocks blocks(options.seed);
  uint64_t done = 0;
  for (size_t i = 0; i < table.size(); ++i) {
    const uint64_t bytes = *tensor_bytes(table[i].dtype, table[i].shape);
    if (model.tensors[i].part == TensorPart::kNorm)
      KT_TRY(write_ones(*writer, table[i].shape[0]));
    else
      KT_TRY(blocks.write(*writer, table[i].dtype, bytes, kDeviation));
    done += bytes;
    if (options.progress) options.progress(static_cast<double>(done) / static_cast<double>(report.bytes));
  }
  KT_TRY(writer->finish());
  return report;
}

}  // namespace kt::synth
