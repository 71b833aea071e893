#include "core/quantize/mix.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "kt/abi.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

using enum LayerChoice;

constexpr MixException kQ2K[] = {{"attn_v", kAll, KT_Q4_K}, {"attn_output", kAll, KT_Q3_K}, {"ffn_down", kAll, KT_Q3_K}};
constexpr MixException kQ3KM[] = {{"attn_v", kFirstTwo, KT_Q5_K},
                                  {"attn_v", kAll, KT_Q4_K},
                                  {"attn_output", kAll, KT_Q4_K},
                                  {"ffn_down", kFirstSixteenth, KT_Q5_K},
                                  {"ffn_down", kOuterAndEveryThird, KT_Q4_K}};
constexpr MixException kQ3KL[] = {{"attn_v", kAll, KT_Q5_K}, {"attn_output", kAll, KT_Q5_K}, {"ffn_down", kAll, KT_Q5_K}};
constexpr MixException kQ4KS[] = {{"attn_v", kFirstFour, KT_Q5_K}, {"ffn_down", kFirstEighth, KT_Q5_K}};
constexpr MixException kToQ6K[] = {{"attn_v", kOuterAndEveryThird, KT_Q6_K}, {"ffn_down", kOuterAndEveryThird, KT_Q6_K}};
constexpr MixException kIq4[] = {{"attn_v", kAll, KT_Q5_K}, {"ffn_down", kFirstEighth, KT_Q5_K}};

// The mixes of llama-quantize under its names; q3_k, q4_k and q5_k alone keep one type.
constexpr TypeMix kMixes[] = {
    {"f32", 0, KT_F32, KT_F32, KT_F32, KT_F32, {}},
    {"f16", 1, KT_F16, KT_F16, KT_F16, KT_F16, {}},
    {"bf16", 32, KT_BF16, KT_BF16, KT_BF16, KT_BF16, {}},
    {"q8_0", 7, KT_Q8_0, KT_Q8_0, KT_Q8_0, KT_Q8_0, {}},
    {"q6_k", 18, KT_Q6_K, KT_Q6_K, KT_Q6_K, KT_Q8_0, {}},
    {"q5_k_m", 17, KT_Q5_K, KT_Q5_K, KT_Q6_K, KT_Q8_0, kToQ6K},
    {"q5_k_s", 16, KT_Q5_K, KT_Q5_K, KT_Q6_K, KT_Q8_0, {}},
    {"q5_k", 16, KT_Q5_K, KT_Q5_K, KT_Q6_K, KT_Q8_0, {}},
    {"q5_1", 9, KT_Q5_1, KT_Q5_1, KT_Q6_K, KT_Q8_0, {}},
    {"q5_0", 8, KT_Q5_0, KT_Q5_0, KT_Q6_K, KT_Q8_0, {}},
    {"q4_k_m", 15, KT_Q4_K, KT_Q4_K, KT_Q6_K, KT_Q8_0, kToQ6K},
    {"q4_k_s", 14, KT_Q4_K, KT_Q4_K, KT_Q6_K, KT_Q8_0, kQ4KS},
    {"q4_k", 14, KT_Q4_K, KT_Q4_K, KT_Q6_K, KT_Q8_0, {}},
    {"q4_1", 3, KT_Q4_1, KT_Q4_1, KT_Q6_K, KT_Q8_0, {}},
    {"q4_0", 2, KT_Q4_0, KT_Q4_0, KT_Q6_K, KT_Q8_0, {}},
    {"iq4_nl", 25, KT_IQ4_NL, KT_IQ4_NL, KT_Q6_K, KT_Q8_0, kIq4},
    {"iq4_xs", 30, KT_IQ4_XS, KT_IQ4_XS, KT_Q6_K, KT_Q8_0, kIq4},
    {"mxfp4", 38, KT_MXFP4, KT_Q8_0, KT_Q8_0, KT_Q8_0, {}},
    {"q3_k_l", 13, KT_Q3_K, KT_Q3_K, KT_Q6_K, KT_Q8_0, kQ3KL},
    {"q3_k_m", 12, KT_Q3_K, KT_Q3_K, KT_Q6_K, KT_Q8_0, kQ3KM},
    {"q3_k_s", 11, KT_Q3_K, KT_Q3_K, KT_Q6_K, KT_Q8_0, {}},
    {"q3_k", 11, KT_Q3_K, KT_Q3_K, KT_Q6_K, KT_Q8_0, {}},
    {"q2_k", 10, KT_Q2_K, KT_Q2_K, KT_Q6_K, KT_Q8_0, kQ2K},
};

bool is_chosen(LayerChoice choice, int layer, int layers) {
  const int eighth = layers / 8;
  switch (choice) {
    case kAll:
      return true;
    case kFirstTwo:
      return layer < 2;
    case kFirstFour:
      return layer < 4;
    case kFirstSixteenth:
      return layer < layers / 16;
    case kFirstEighth:
      return layer < eighth;
    case kOuterAndEveryThird:
      return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }
  return false;
}

// "ffn_down_exps" and "ffn_down_shexp" are feed-forward matrices like "ffn_down".
std::string_view family_of(std::string_view stem) {
  for (const std::string_view suffix : {"_exps", "_shexp"})
    if (stem.ends_with(suffix)) return stem.substr(0, stem.size() - suffix.size());
  return stem;
}

}  // namespace

std::vector<std::string> mix_names() {
  std::vector<std::string> out;
  for (const TypeMix& mix : kMixes) out.push_back(mix.name);
  return out;
}

Result<const TypeMix*> find_mix(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string known;
  for (const TypeMix& mix : kMixes) {
    if (lower == mix.name) return &mix;
    known += (known.empty() ? "" : ", ") + std::string(mix.name);
  }
  return fail(102, "there is no type '" + std::string(name.substr(0, 60)) + "'", "known: " + known);
}

TensorPlace tensor_place(std::string_view name) {
  TensorPlace out;
  out.is_weight = name.ends_with(".weight");
  constexpr std::string_view kBlock = "blk.";
  if (name.starts_with(kBlock)) {
    const size_t dot = name.find('.', kBlock.size());
    const size_t end = dot == std::string_view::npos ? name.size() : dot;
    int layer = 0;
    const auto [stop, error] = std::from_chars(name.data() + kBlock.size(), name.data() + end, layer);
    if (error == std::errc() && stop == name.data() + end && layer >= 0 && end < name.size()) {
      out.layer = layer;
      name.remove_prefix(end + 1);
    }
  }
  out.stem = name.substr(0, name.find('.'));
  return out;
}

bool stays_float(const TensorPlace& place, std::span<const int64_t> shape) {
  return shape.size() < 2 || !place.is_weight || place.stem == "ffn_gate_inp" || place.stem == "ffn_gate_inp_shexp";
}

int32_t type_in_mix(const TypeMix& mix, const TensorPlace& place, const MixModel& model) {
  if (place.stem == "output") return mix.head;
  if (place.stem == "token_embd") return model.tied_head ? mix.head : mix.embedding;
  if (place.stem == "attn_k_b" || place.stem == "attn_v_b") return mix.latent;
  for (const MixException& exception : mix.exceptions)
    if (family_of(place.stem) == exception.stem && is_chosen(exception.layers, place.layer, model.layers)) return exception.dtype;
  return mix.base;
}

int32_t fitting_type(int32_t dtype, int64_t columns) {
  const auto fits = [columns](int32_t type) { return columns % format::dtype_info(type)->block_elements == 0; };
  if (fits(dtype)) return dtype;
  int32_t shorter = KT_Q5_0;
  if (dtype == KT_Q6_K) shorter = KT_Q8_0;
  if (dtype == KT_Q5_K) shorter = KT_Q5_1;
  if (dtype == KT_Q2_K || dtype == KT_Q3_K || dtype == KT_IQ4_XS) shorter = KT_IQ4_NL;
  return fits(shorter) ? shorter : int32_t{KT_F16};
}

}  // namespace kt::core
