// What an operator learns of the node it is bound to, and of the options a rule gave it.
#ifndef KT_PLUGIN_NODE_HPP
#define KT_PLUGIN_NODE_HPP

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kt/abi.h"
#include "kt/plugin_status.hpp"

namespace kt {

// Answer of supports(): yes with a score (the best one is taken), or no with a reason in words.
struct Support {
  int32_t score = 0;
  std::string reason;
};

inline Support yes(int32_t score = 1) { return {score, {}}; }
inline Support no(std::string reason) { return {0, std::move(reason)}; }

// An option that rules may set; `default_value` is written as in YAML.
using Option = KtOptionDef;

constexpr Option int_option(const char* name, const char* default_value, double minimum, double maximum, const char* help) {
  return {sizeof(KtOptionDef), KT_OPTION_INT, name, default_value, help, nullptr, minimum, maximum};
}
constexpr Option float_option(const char* name, const char* default_value, double minimum, double maximum, const char* help) {
  return {sizeof(KtOptionDef), KT_OPTION_FLOAT, name, default_value, help, nullptr, minimum, maximum};
}
constexpr Option bool_option(const char* name, const char* default_value, const char* help) {
  return {sizeof(KtOptionDef), KT_OPTION_BOOL, name, default_value, help, nullptr, 0, 0};
}
constexpr Option string_option(const char* name, const char* default_value, const char* help) {
  return {sizeof(KtOptionDef), KT_OPTION_STRING, name, default_value, help, nullptr, 0, 0};
}
// `choices`: "a|b|c".
constexpr Option enum_option(const char* name, const char* default_value, const char* choices, const char* help) {
  return {sizeof(KtOptionDef), KT_OPTION_ENUM, name, default_value, help, choices, 0, 0};
}

// The values of the options, defaults filled in.
class Options {
 public:
  Options(const KtHost& host, const KtOptions* options) : host_(host), options_(options) {}

  Status read(const char* key, int64_t& out) const { return found(host_.option_int(options_, key, &out), key); }
  Status read(const char* key, double& out) const { return found(host_.option_float(options_, key, &out), key); }
  Status read(const char* key, bool& out) const {
    int32_t value = 0;
    const KtStatus status = host_.option_bool(options_, key, &value);
    if (status == KT_OK) out = value != 0;
    return found(status, key);
  }
  Status read(const char* key, std::string& out) const {
    const char* value = nullptr;
    const KtStatus status = host_.option_string(options_, key, &value);
    if (status == KT_OK) out = value;
    return found(status, key);
  }
  // The text of an option, or `fallback`.
  std::string text_or(const char* key, std::string fallback) const {
    const char* value = nullptr;
    return host_.option_string(options_, key, &value) == KT_OK ? std::string(value) : fallback;
  }

 private:
  static Status found(KtStatus status, const char* key) {
    return status == KT_OK ? Status() : invalid(std::string("option '") + key + "' is not given, or of another type");
  }

  const KtHost& host_;
  const KtOptions* options_;
};

// A node of the graph: class, shapes of inputs and outputs, attributes, and the types and shapes of its weights.
class Node {
 public:
  Node(const KtHost& host, const KtNode* node) : host_(host), node_(node) {}

  std::string_view name() const { return host_.node_name(node_); }
  std::string_view class_name() const { return host_.node_class(node_); }
  uint32_t input_count() const { return host_.node_input_count(node_); }
  uint32_t output_count() const { return host_.node_output_count(node_); }
  uint32_t weight_count() const { return host_.node_weight_count(node_); }

  // dtype, rank and shape, with KT_DIM_TOKENS and KT_DIM_OUTPUTS; no data.
  KtTensor input(uint32_t index) const {
    KtTensor out{};
    check(host_.node_input(node_, index, &out), "input");
    return out;
  }
  KtTensor output(uint32_t index) const {
    KtTensor out{};
    check(host_.node_output(node_, index, &out), "output");
    return out;
  }
  // Size of the last dimension of an input or output.
  int64_t input_width(uint32_t index) const { return width(input(index)); }
  int64_t output_width(uint32_t index) const { return width(output(index)); }
  bool inputs_are(int32_t dtype) const {
    for (uint32_t i = 0; i < input_count(); ++i)
      if (input(i).dtype != dtype) return false;
    return true;
  }

  // dtype, rank, shape and name; no parts.
  KtWeight weight(uint32_t index) const {
    KtWeight out{};
    check(host_.node_weight(node_, index, &out), "weight");
    return out;
  }
  // By parameter name ("weight", "gate_proj.weight"); nothing if the node has none.
  std::optional<KtWeight> weight(std::string_view parameter) const {
    for (uint32_t i = 0; i < weight_count(); ++i)
      if (const KtWeight w = weight(i); parameter == w.name) return w;
    return std::nullopt;
  }

  // Attributes. read() fails if it is absent, the others give `fallback`.
  Status read(const char* key, int64_t& out) const { return found(host_.node_int(node_, key, &out), key); }
  Status read(const char* key, double& out) const { return found(host_.node_float(node_, key, &out), key); }
  Status read(const char* key, float& out) const {
    double value = 0;
    const KtStatus status = host_.node_float(node_, key, &value);
    if (status == KT_OK) out = static_cast<float>(value);
    return found(status, key);
  }
  Status read(const char* key, std::string& out) const {
    const char* value = nullptr;
    const KtStatus status = host_.node_string(node_, key, &value);
    if (status == KT_OK) out = value;
    return found(status, key);
  }
  Status read(const char* key, std::vector<float>& out) const {
    const float* values = nullptr;
    uint64_t count = 0;
    const KtStatus status = host_.node_floats(node_, key, &values, &count);
    if (status == KT_OK) out.assign(values, values + count);
    return found(status, key);
  }
  int64_t int_or(const char* key, int64_t fallback) const {
    int64_t value = 0;
    return host_.node_int(node_, key, &value) == KT_OK ? value : fallback;
  }
  double float_or(const char* key, double fallback) const {
    double value = 0;
    return host_.node_float(node_, key, &value) == KT_OK ? value : fallback;
  }
  std::string text_or(const char* key, std::string fallback) const {
    const char* value = nullptr;
    return host_.node_string(node_, key, &value) == KT_OK ? std::string(value) : fallback;
  }

 private:
  static int64_t width(const KtTensor& t) { return t.rank > 0 ? t.shape[t.rank - 1] : 1; }
  static void check(KtStatus status, const char* what) {
    if (status != KT_OK) throw Failure(std::string("the node has no such ") + what);
  }
  static Status found(KtStatus status, const char* key) {
    return status == KT_OK ? Status() : invalid(std::string("the node has no attribute '") + key + "' of this type");
  }

  const KtHost& host_;
  const KtNode* node_;
};

// The weights handed to prepare(); they stay valid as long as the operator lives.
class Weights {
 public:
  Weights(const KtWeight* const* weights, uint32_t count) : weights_(weights, count) {}

  size_t size() const { return weights_.size(); }
  const KtWeight& operator[](size_t i) const { return *weights_[i]; }
  auto begin() const { return weights_.begin(); }
  auto end() const { return weights_.end(); }

  // By parameter name, or null.
  const KtWeight* find(std::string_view parameter) const {
    for (const KtWeight* weight : weights_)
      if (parameter == weight->name) return weight;
    return nullptr;
  }
  const KtWeight& get(std::string_view parameter) const {
    if (const KtWeight* weight = find(parameter)) return *weight;
    throw Failure("the weight '" + std::string(parameter) + "' was not given");
  }
  // A vector of float32 (norm weights and biases are always given so).
  std::span<const float> row(std::string_view parameter) const {
    const KtWeight& weight = get(parameter);
    if (weight.rank != 1 || weight.dtype != KT_F32)
      throw Failure("the weight '" + std::string(parameter) + "' is no float32 vector");
    const KtTensor& values = *weight.parts[0]->tensors[0];
    return {reinterpret_cast<const float*>(static_cast<const char*>(values.data) + values.offset),
            static_cast<size_t>(weight.shape[0])};
  }

 private:
  std::span<const KtWeight* const> weights_;
};

}  // namespace kt

#endif
