// The hyper-parameters of a model: config.json of an HF folder, or the metadata of a GGUF file, read through one set of getters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/io/gguf.h"
#include "kt/abi.h"

namespace kt::core {

// Keys: dotted for nested maps in HF ("rope_scaling.factor"); for GGUF the architecture prefix is left out ("embedding_length"),
// and complete keys ("general.file_type") are taken too. Getters give nothing (null) if the key is absent, null, or of another
// type; get_float takes integers as well. Strings live as long as the config or a copy of it.
class ModelConfig {
 public:
  ModelConfig() = default;
  // Errors: KT-E0406 (no map, no architecture). `file` names the source in errors.
  static Result<ModelConfig> from_json(Json config, const std::string& file);
  static Result<ModelConfig> from_gguf(GgufMetadata metadata, const std::string& file);

  KtSource source() const { return source_; }
  const std::string& architecture() const { return architecture_; }  // HF "LlamaForCausalLM", GGUF "llama"

  std::optional<int64_t> get_int(std::string_view key) const;
  std::optional<double> get_float(std::string_view key) const;
  std::optional<bool> get_bool(std::string_view key) const;
  const std::string* get_string(std::string_view key) const;
  std::optional<uint64_t> array_size(std::string_view key) const;
  std::optional<int64_t> get_int_at(std::string_view key, uint64_t index) const;
  std::optional<double> get_float_at(std::string_view key, uint64_t index) const;
  const std::string* get_string_at(std::string_view key, uint64_t index) const;

  // config.json; null for GGUF.
  const Json& json() const { return *json_; }
  // The metadata of a GGUF file; null for HF.
  const GgufMetadata* gguf() const { return metadata_.get(); }

 private:
  const Json* find_json(std::string_view key) const;
  const GgufValue* find_gguf(std::string_view key) const;

  KtSource source_ = KT_SOURCE_HF;
  std::string architecture_;
  std::shared_ptr<const Json> json_ = std::make_shared<const Json>();
  std::shared_ptr<const GgufMetadata> metadata_;
};

}  // namespace kt::core
