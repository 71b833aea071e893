// Reads the hyper-parameters of a model, from config.json or GGUF metadata, and says in a sentence what is wrong with them.
#ifndef KT_MODEL_CONFIG_HPP
#define KT_MODEL_CONFIG_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kt/abi.h"

namespace kt {

// The name of one hyper-parameter in both kinds of file; nullptr where a kind does not have it.
// GGUF keys are written without the architecture's prefix.
struct Key {
  const char* hf = nullptr;
  const char* gguf = nullptr;
};

// The first thing found wrong is kept and every later answer is harmless (counts are 1), so that a reader is a plain list
// of fields and looks at ok() once. Absent and null are the same.
class Config {
 public:
  Config(const KtModelHost& host, const KtConfig* config) : host_(host), config_(config) {}

  bool is_gguf() const { return host_.source(config_) == KT_SOURCE_GGUF; }
  // "LlamaForCausalLM" of config.json, "llama" of GGUF.
  std::string architecture() const;
  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  void fail(std::string sentence) {
    if (error_.empty()) error_ = std::move(sentence);
  }
  void fail(Key key, const std::string& why) { fail(label(key) + " " + why); }

  // How errors name the field: "config.json: field 'hidden_size'", "GGUF metadata: key 'llama.embedding_length'".
  std::string label(Key key) const;

  // An integer of 1..limit that must be there.
  int64_t count(Key key, int64_t limit);
  // An integer of 0..limit, or `fallback` if absent.
  int64_t count_or(Key key, int64_t fallback, int64_t limit);
  // A finite number.
  double number(Key key);
  double number_or(Key key, double fallback);
  bool flag_or(Key key, bool fallback);
  std::string text_or(Key key, std::string fallback);
  // Lists; an absent one is empty.
  std::vector<int64_t> counts(Key key, int64_t limit);
  std::vector<std::string> texts(Key key);
  uint64_t size_of(Key key) const;
  bool has(Key key) const { return !found(name(key)).empty(); }

  // Whether the files hold a tensor; false also when only a configuration is there.
  bool has_tensor(const char* name_in_file) const { return host_.has_tensor(config_, name_in_file) != 0; }
  // The values of a small f32 tensor of the files; empty if it is not there.
  std::vector<float> tensor(const char* name_in_file, uint64_t limit);

 private:
  const char* name(Key key) const { return is_gguf() ? key.gguf : key.hf; }
  // What stands under a key, in words; empty if nothing does.
  std::string found(const char* name) const;
  std::optional<int64_t> integer(Key key, int64_t least, int64_t limit);
  std::optional<double> real(Key key);
  void wrong(Key key, const std::string& wanted) { fail(key, "is " + found(name(key)) + ", needs " + wanted); }
  void missing(Key key) { fail(key, "is missing; the model cannot be built without it"); }

  const KtModelHost& host_;
  const KtConfig* config_;
  std::string error_;
};

inline std::string Config::architecture() const {
  const char* text = nullptr;
  const KtStatus found = is_gguf() ? host_.get_string(config_, "general.architecture", &text)
                                   : host_.get_string_at(config_, "architectures", 0, &text);
  return found == KT_OK ? text : "";
}

inline std::string Config::label(Key key) const {
  if (!is_gguf()) return std::string("config.json: field '") + (key.hf ? key.hf : "?") + "'";
  return "GGUF metadata: key '" + architecture() + "." + (key.gguf ? key.gguf : "?") + "'";
}

inline std::string Config::found(const char* name) const {
  if (!name) return {};
  int64_t integer = 0;
  double number = 0;
  int32_t flag = 0;
  const char* text = nullptr;
  uint64_t size = 0;
  if (host_.get_int(config_, name, &integer) == KT_OK) return std::to_string(integer);
  if (host_.get_float(config_, name, &number) == KT_OK) return std::to_string(number);
  if (host_.get_bool(config_, name, &flag) == KT_OK) return flag ? "true" : "false";
  if (host_.get_string(config_, name, &text) == KT_OK) return "the text \"" + std::string(text).substr(0, 60) + "\"";
  if (host_.array_size(config_, name, &size) == KT_OK) return "a list of " + std::to_string(size);
  return {};
}

inline std::optional<int64_t> Config::integer(Key key, int64_t least, int64_t limit) {
  const char* field = name(key);
  if (!field || found(field).empty()) return std::nullopt;
  int64_t value = 0;
  if (host_.get_int(config_, field, &value) == KT_OK && value >= least && value <= limit) return value;
  wrong(key, "an integer of " + std::to_string(least) + " to " + std::to_string(limit));
  return least;
}

inline int64_t Config::count(Key key, int64_t limit) {
  const auto value = integer(key, 1, limit);
  if (!value) missing(key);
  return value.value_or(1);
}

inline int64_t Config::count_or(Key key, int64_t fallback, int64_t limit) { return integer(key, 0, limit).value_or(fallback); }

inline std::optional<double> Config::real(Key key) {
  const char* field = name(key);
  if (!field || found(field).empty()) return std::nullopt;
  double value = 0;
  if (host_.get_float(config_, field, &value) == KT_OK && std::isfinite(value)) return value;
  wrong(key, "a number");
  return 1.0;
}

inline double Config::number(Key key) {
  const auto value = real(key);
  if (!value) missing(key);
  return value.value_or(1.0);
}

inline double Config::number_or(Key key, double fallback) { return real(key).value_or(fallback); }

inline bool Config::flag_or(Key key, bool fallback) {
  const char* field = name(key);
  if (!field || found(field).empty()) return fallback;
  int32_t value = 0;
  if (host_.get_bool(config_, field, &value) != KT_OK) wrong(key, "true or false");
  return value != 0;
}

inline std::string Config::text_or(Key key, std::string fallback) {
  const char* field = name(key);
  if (!field || found(field).empty()) return fallback;
  const char* value = nullptr;
  if (host_.get_string(config_, field, &value) == KT_OK) return value;
  wrong(key, "a text");
  return fallback;
}

inline uint64_t Config::size_of(Key key) const {
  uint64_t size = 0;
  const char* field = name(key);
  return field && host_.array_size(config_, field, &size) == KT_OK ? size : 0;
}

inline std::vector<int64_t> Config::counts(Key key, int64_t limit) {
  std::vector<int64_t> out(size_of(key));
  if (out.empty() && has(key) && found(name(key)) != "a list of 0") wrong(key, "a list of integers");
  for (uint64_t i = 0; i < out.size(); ++i)
    if (host_.get_int_at(config_, name(key), i, &out[i]) != KT_OK || out[i] < 0 || out[i] > limit)
      fail(key, "has at place " + std::to_string(i) + " something else than an integer of 0 to " + std::to_string(limit));
  return out;
}

inline std::vector<std::string> Config::texts(Key key) {
  std::vector<std::string> out(size_of(key));
  for (uint64_t i = 0; i < out.size(); ++i) {
    const char* value = nullptr;
    if (host_.get_string_at(config_, name(key), i, &value) == KT_OK)
      out[i] = value;
    else
      fail(key, "has at place " + std::to_string(i) + " something else than a text");
  }
  return out;
}

inline std::vector<float> Config::tensor(const char* name_in_file, uint64_t limit) {
  if (!has_tensor(name_in_file)) return {};
  if (host_.struct_size < offsetof(KtModelHost, tensor_floats) + sizeof host_.tensor_floats) return {};
  std::vector<float> out(limit);
  uint64_t size = 0;
  if (host_.tensor_floats(config_, name_in_file, out.data(), limit, &size) != KT_OK || size > limit) {
    fail(std::string("tensor '") + name_in_file + "' needs at most " + std::to_string(limit) + " values of type F32");
    size = 0;
  }
  out.resize(size);
  return out;
}

}  // namespace kt

#endif
