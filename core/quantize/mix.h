// Which type each tensor of a GGUF file gets under the name of a mix ("q4_k_m").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

// Layers in which a mix departs from its base type.
enum class LayerChoice { kAll, kFirstTwo, kFirstFour, kFirstSixteenth, kFirstEighth, kOuterAndEveryThird };

struct MixException {
  const char* stem = nullptr;  // of the tensor's name: "ffn_down" also stands for "ffn_down_exps" and "ffn_down_shexp"
  LayerChoice layers = LayerChoice::kAll;
  int32_t dtype = 0;
};

struct TypeMix {
  const char* name;
  uint32_t file_type;                        // general.file_type
  int32_t base;                              // of matrices
  int32_t embedding;                         // of token_embd, unless it is the head, too
  int32_t head;                              // of output
  int32_t latent;                            // of the per-head matrices of latent attention
  std::span<const MixException> exceptions;  // the first that holds wins
};

// KT-E0102 that lists the known names. Capitals do not matter.
Result<const TypeMix*> find_mix(std::string_view name);
std::vector<std::string> mix_names();

// Where a tensor stands by its name in GGUF: "blk.12.ffn_down.weight" is layer 12 and stem "ffn_down".
struct TensorPlace {
  int layer = -1;
  std::string stem;
  bool is_weight = false;  // not a bias
};
TensorPlace tensor_place(std::string_view name);

// Vectors, biases and routers, which are small and sensitive, stay float32 in every file.
bool stays_float(const TensorPlace& place, std::span<const int64_t> shape);

// What a mix depends on beside the tensor.
struct MixModel {
  int layers = 0;
  bool tied_head = false;  // token_embd is the head, too
};
int32_t type_in_mix(const TypeMix& mix, const TensorPlace& place, const MixModel& model);

// `dtype`, or for rows that are no whole number of its blocks a type with shorter blocks and no fewer bits, at last F16.
int32_t fitting_type(int32_t dtype, int64_t columns);

}  // namespace kt::core
