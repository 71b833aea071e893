#include "core/io/model_config.h"

#include <limits>
#include <utility>

#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

std::optional<int64_t> int_of(const Json& value) {
  if (value.is_number_unsigned()) {
    const uint64_t number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  return std::nullopt;
}

std::optional<double> float_of(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

const std::string* string_of(const Json& value) { return value.is_string() ? value.get_ptr<const std::string*>() : nullptr; }

const Json* element(const Json* array, uint64_t index) {
  return array != nullptr && array->is_array() && index < array->size() ? &(*array)[index] : nullptr;
}

const GgufArray* array_of(const GgufValue* value) { return value != nullptr ? value->as_array() : nullptr; }

}  // namespace

Result<ModelConfig> ModelConfig::from_json(Json config, const std::string& file) {
  if (!config.is_object()) return fail(406, file + ": is no JSON object", "pass the config.json of a model");
  ModelConfig out;
  out.json_ = std::make_shared<const Json>(std::move(config));
  const std::string* architecture = out.get_string_at("architectures", 0);
  if (architecture == nullptr || !is_name(*architecture))
    return fail(406, file + ": 'architectures' names no architecture", "take the config.json of the released model");
  out.architecture_ = *architecture;
  for (const char* section :
       {"rope_scaling", "rope_parameters", "quantization_config"})  // else its fields would count as missing
    if (const Json* value = out.find_json(section); value != nullptr && !value->is_object() && !value->is_null())
      return fail(406, file + ": field '" + section + "' is no object", "take the config.json of the released model");
  return out;
}

Result<ModelConfig> ModelConfig::from_gguf(GgufMetadata metadata, const std::string& file) {
  ModelConfig out;
  out.source_ = KT_SOURCE_GGUF;
  out.metadata_ = std::make_shared<const GgufMetadata>(std::move(metadata));
  const std::string* architecture = out.get_string("general.architecture");
  if (architecture == nullptr || !is_name(*architecture))
    return fail(406, file + ": key 'general.architecture' names no architecture", "the file is damaged; fetch it again");
  out.architecture_ = *architecture;
  return out;
}

const Json* ModelConfig::find_json(std::string_view key) const {
  const Json* value = json_.get();
  while (value != nullptr && value->is_object()) {
    const size_t dot = key.find('.');
    const auto it = value->find(std::string(key.substr(0, dot)));
    if (it == value->end()) return nullptr;
    value = &*it;
    if (dot == key.npos) return value;
    key.remove_prefix(dot + 1);
  }
  return nullptr;
}

const GgufValue* ModelConfig::find_gguf(std::string_view key) const {
  if (!metadata_) return nullptr;
  auto it = metadata_->find(architecture_ + "." + std::string(key));
  if (it == metadata_->end()) it = metadata_->find(key);
  return it == metadata_->end() ? nullptr : &it->second;
}

std::optional<int64_t> ModelConfig::get_int(std::string_view key) const {
  if (const GgufValue* value = find_gguf(key)) return value->as_int();
  const Json* value = find_json(key);
  return value != nullptr ? int_of(*value) : std::nullopt;
}

std::optional<double> ModelConfig::get_float(std::string_view key) const {
  if (const GgufValue* value = find_gguf(key)) return value->as_float();
  const Json* value = find_json(key);
  return value != nullptr ? float_of(*value) : std::nullopt;
}

std::optional<bool> ModelConfig::get_bool(std::string_view key) const {
  if (const GgufValue* value = find_gguf(key)) return value->as_bool();
  const Json* value = find_json(key);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

const std::string* ModelConfig::get_string(std::string_view key) const {
  if (const GgufValue* value = find_gguf(key)) return value->as_string();
  const Json* value = find_json(key);
  return value != nullptr ? string_of(*value) : nullptr;
}

std::optional<uint64_t> ModelConfig::array_size(std::string_view key) const {
  if (const GgufArray* array = array_of(find_gguf(key))) return array->count;
  const Json* value = find_json(key);
  if (value == nullptr || !value->is_array()) return std::nullopt;
  return value->size();
}

std::optional<int64_t> ModelConfig::get_int_at(std::string_view key, uint64_t index) const {
  if (const GgufArray* array = array_of(find_gguf(key))) return array->int_at(index);
  const Json* value = element(find_json(key), index);
  return value != nullptr ? int_of(*value) : std::nullopt;
}

std::optional<double> ModelConfig::get_float_at(std::string_view key, uint64_t index) const {
  if (const GgufArray* array = array_of(find_gguf(key))) return array->float_at(index);
  const Json* value = element(find_json(key), index);
  return value != nullptr ? float_of(*value) : std::nullopt;
}

const std::string* ModelConfig::get_string_at(std::string_view key, uint64_t index) const {
  if (const GgufArray* array = array_of(find_gguf(key))) return array->string_at(index);
  const Json* value = element(find_json(key), index);
  return value != nullptr ? string_of(*value) : nullptr;
}

}  // namespace kt::core
