// Reads the rotary embedding of a model from its configuration.
#ifndef KT_MODEL_ROPE_HPP
#define KT_MODEL_ROPE_HPP

#include <string>

#include "kt/model_config.hpp"
#include "kt/rope.hpp"

namespace kt {

namespace rope_detail {

// Newer configurations keep what was rope_scaling, and rope_theta with it, in rope_parameters.
struct Fields {
  Key type, old_type, factor, original, low, high, fast, slow, truncate, mscale, mscale_all, attention;
};

inline constexpr Fields kScaling{{"rope_scaling.rope_type", "rope.scaling.type"},
                                 {"rope_scaling.type"},
                                 {"rope_scaling.factor", "rope.scaling.factor"},
                                 {"rope_scaling.original_max_position_embeddings", "rope.scaling.original_context_length"},
                                 {"rope_scaling.low_freq_factor"},
                                 {"rope_scaling.high_freq_factor"},
                                 {"rope_scaling.beta_fast", "rope.scaling.yarn_beta_fast"},
                                 {"rope_scaling.beta_slow", "rope.scaling.yarn_beta_slow"},
                                 {"rope_scaling.truncate"},
                                 {"rope_scaling.mscale"},
                                 {"rope_scaling.mscale_all_dim"},
                                 {"rope_scaling.attention_factor", "rope.scaling.attn_factor"}};

inline constexpr Fields kParameters{{"rope_parameters.rope_type"},       {"rope_parameters.type"},
                                    {"rope_parameters.factor"},          {"rope_parameters.original_max_position_embeddings"},
                                    {"rope_parameters.low_freq_factor"}, {"rope_parameters.high_freq_factor"},
                                    {"rope_parameters.beta_fast"},       {"rope_parameters.beta_slow"},
                                    {"rope_parameters.truncate"},        {"rope_parameters.mscale"},
                                    {"rope_parameters.mscale_all_dim"},  {"rope_parameters.attention_factor"}};

// A field that divides or is a logarithm's argument.
inline double positive(Config& config, Key key, double fallback) {
  const double value = config.number_or(key, fallback);
  if (value > 0) return value;
  config.fail(key, "is " + std::to_string(value) + ", needs a number above 0");
  return 1.0;
}

inline RopeType rope_type(Config& config, const Fields& fields) {
  const Key key = config.has(fields.type) ? fields.type : fields.old_type;
  const std::string type = config.text_or(key, "default");
  if (type == "default" || type == "none") return RopeType::kDefault;
  if (type == "linear") return RopeType::kLinear;
  if (type == "llama3") return RopeType::kLlama3;
  if (type == "yarn") return RopeType::kYarn;
  config.fail(key, "is the unknown type '" + type.substr(0, 60) + "'; known: default, linear, llama3, yarn");
  return RopeType::kDefault;
}

}  // namespace rope_detail

// `max_context` stands in where yarn names no original context.
inline RopeScaling read_rope(Config& config, double max_context) {
  using rope_detail::positive;
  const bool newer =
      !config.is_gguf() && (config.has({"rope_parameters.rope_theta"}) || config.has({"rope_parameters.rope_type"}));
  const rope_detail::Fields& fields = newer ? rope_detail::kParameters : rope_detail::kScaling;
  RopeScaling out;
  out.theta = positive(
      config, newer && !config.has({"rope_theta"}) ? Key{"rope_parameters.rope_theta"} : Key{"rope_theta", "rope.freq_base"},
      out.theta);
  if (out.theta <= 1) config.fail({"rope_theta", "rope.freq_base"}, "needs a number above 1");
  out.type = rope_detail::rope_type(config, fields);
  if (out.type == RopeType::kDefault) return out;
  if (!config.has(fields.factor)) config.number(fields.factor);
  out.factor = positive(config, fields.factor, 1.0);
  if (out.type == RopeType::kLinear) return out;
  out.original_context = positive(config, fields.original, max_context);
  out.low_frequency = positive(config, fields.low, out.low_frequency);
  out.high_frequency = positive(config, fields.high, out.high_frequency);
  if (out.high_frequency <= out.low_frequency) config.fail(fields.high, "must exceed low_freq_factor");
  out.beta_fast = positive(config, fields.fast, out.beta_fast);
  out.beta_slow = positive(config, fields.slow, out.beta_slow);
  out.truncate = config.flag_or(fields.truncate, out.truncate);
  out.mscale = config.number_or(fields.mscale, 0);
  out.mscale_all_dim = config.number_or(fields.mscale_all, 0);
  out.attention_factor = config.number_or(fields.attention, 0);
  return out;
}

// GGUF's own divisors of the frequencies, `dim` / 2 of them; empty if the file has none.
inline std::vector<float> read_rope_divisors(Config& config, int64_t dim) {
  std::vector<float> out = config.tensor("rope_freqs.weight", static_cast<uint64_t>(dim / 2));
  const bool usable = std::all_of(out.begin(), out.end(), [](float value) { return value > 0 && std::isfinite(value); });
  if (!out.empty() && (out.size() != static_cast<uint64_t>(dim / 2) || !usable))
    config.fail("tensor 'rope_freqs.weight' needs " + std::to_string(dim / 2) + " finite values above 0");
  return out;
}

}  // namespace kt

#endif
