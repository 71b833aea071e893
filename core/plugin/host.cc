#include "core/plugin/host.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/graph/attributes.h"
#include "core/plugin/call_context.h"
#include "core/plugin/options.h"

namespace kt::core {
namespace {

std::string& error_slot() {
  thread_local std::string slot;
  return slot;
}

void set_error(const char* text) { error_slot() = text ? text : ""; }

void log(int32_t level, const char* text) {
  spdlog::log(static_cast<spdlog::level::level_enum>(std::clamp(level, 0, 5)), "{}", text ? text : "");
}

const Node& node_of(const KtNode* node) { return *reinterpret_cast<const Node*>(node); }

const char* node_name(const KtNode* node) { return node_of(node).name.c_str(); }
const char* node_class(const KtNode* node) { return node_of(node).class_name.c_str(); }
uint32_t input_count(const KtNode* node) { return static_cast<uint32_t>(node_of(node).inputs.size()); }
uint32_t output_count(const KtNode* node) { return static_cast<uint32_t>(node_of(node).outputs.size()); }

KtStatus describe(const Node& node, const std::vector<KtValue>& values, uint32_t index, KtTensor* out) {
  if (index >= values.size()) return KT_INVALID;
  const Value& value = node.graph->value(values[index]);
  if (value.shape.size() > KT_MAX_RANK) return KT_INVALID;
  *out = KtTensor{};
  out->struct_size = sizeof(KtTensor);
  out->dtype = value.dtype;
  out->rank = static_cast<int32_t>(value.shape.size());
  std::copy(value.shape.begin(), value.shape.end(), out->shape);
  return KT_OK;
}

KtStatus node_input(const KtNode* node, uint32_t index, KtTensor* out) { return describe(node_of(node), node_of(node).inputs, index, out); }
KtStatus node_output(const KtNode* node, uint32_t index, KtTensor* out) { return describe(node_of(node), node_of(node).outputs, index, out); }

uint32_t weight_count(const KtNode* node) { return static_cast<uint32_t>(node_of(node).weights.size()); }

KtStatus node_weight(const KtNode* node, uint32_t index, KtWeight* out) {
  const Node& n = node_of(node);
  if (index >= n.weights.size()) return KT_INVALID;
  const WeightSpec& spec = n.weights[index];
  *out = KtWeight{};
  out->struct_size = sizeof(KtWeight);
  out->dtype = spec.dtype;
  out->rank = static_cast<int32_t>(spec.shape.size());
  out->name = spec.parameter.c_str();
  std::copy_n(spec.shape.begin(), std::min<size_t>(spec.shape.size(), KT_MAX_RANK), out->shape);
  return KT_OK;
}

KtStatus node_int(const KtNode* node, const char* key, int64_t* out) {
  const auto value = int_attribute(node_of(node), key);
  if (!value) return KT_INVALID;
  *out = *value;
  return KT_OK;
}

KtStatus node_float(const KtNode* node, const char* key, double* out) {
  const auto value = float_attribute(node_of(node), key);
  if (!value) return KT_INVALID;
  *out = *value;
  return KT_OK;
}

KtStatus node_string(const KtNode* node, const char* key, const char** out) {
  const std::string* value = string_attribute(node_of(node), key);
  if (!value) return KT_INVALID;
  *out = value->c_str();
  return KT_OK;
}

KtStatus node_floats(const KtNode* node, const char* key, const float** out, uint64_t* count) {
  const auto* values = floats_attribute(node_of(node), key);
  if (!values) return KT_INVALID;
  *out = values->data();
  *count = values->size();
  return KT_OK;
}

const std::string* option(const KtOptions* options, const char* key) {
  if (!options) return nullptr;
  const auto it = options->values.find(key);
  return it == options->values.end() ? nullptr : &it->second;
}

template <class T>
KtStatus parse_number(const std::string* text, T* out) {
  if (!text) return KT_INVALID;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *out);
  return error == std::errc() && end == text->data() + text->size() ? KT_OK : KT_INVALID;
}

KtStatus option_int(const KtOptions* options, const char* key, int64_t* out) { return parse_number(option(options, key), out); }
KtStatus option_float(const KtOptions* options, const char* key, double* out) { return parse_number(option(options, key), out); }

KtStatus option_bool(const KtOptions* options, const char* key, int32_t* out) {
  const std::string* text = option(options, key);
  if (!text || (*text != "true" && *text != "false")) return KT_INVALID;
  *out = *text == "true";
  return KT_OK;
}

KtStatus option_string(const KtOptions* options, const char* key, const char** out) {
  const std::string* text = option(options, key);
  if (!text) return KT_INVALID;
  *out = text->c_str();
  return KT_OK;
}

void parallel_for(KtCallContext* context, int64_t count, int64_t grain, KtRangeFn function, void* user) {
  context->parallel_for(count, grain, function, user);
}
void parallel_region(KtCallContext* context, KtRegionFn function, void* user) { context->parallel_region(function, user); }
void team_barrier(KtCallContext* context) { context->barrier(); }
int32_t team_size(KtCallContext* context) { return context->threads(); }
const void* get_interface(const char*) { return nullptr; }

constexpr KtHost kHost{
    sizeof(KtHost), KT_ABI_MAJOR, KT_ABI_MINOR, 0, set_error, log, node_name, node_class, input_count, output_count, node_input, node_output,
    weight_count, node_weight, node_int, node_float, node_string, node_floats, option_int, option_float, option_bool, option_string,
    parallel_for, parallel_region, team_barrier, team_size, get_interface};

}  // namespace

const KtHost& host_table() { return kHost; }

std::string take_plugin_error() {
  std::string text = std::move(error_slot());
  error_slot().clear();
  return text;
}

Status plugin_status(KtStatus status, const std::string& what) {
  if (status == KT_OK) return {};
  std::string text = take_plugin_error();
  if (text.empty()) text = "failed with status " + std::to_string(status) + " and gave no reason";
  return fail(605, what + ": " + text);
}

}  // namespace kt::core
