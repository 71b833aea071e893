// A model as it lies on disk: weights, hyper-parameters, and what the text library needs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/io/gguf_vocabulary.h"
#include "core/io/model_config.h"
#include "core/io/weight_store.h"

namespace kt::core {

struct OpenOptions {
  bool need_weights = true;  // without weights: an error, else weights is null
  bool need_config = true;   // without config.json: an error, else config is empty
};

struct ModelSource {
  enum class Kind { kGguf, kFolder };

  Kind kind = Kind::kFolder;
  std::string path;    // as given
  std::string folder;  // of the files
  std::string name;    // last part of the path, without ".gguf" and a split's number
  std::shared_ptr<const WeightStore> weights;
  ModelConfig config;
  Json generation_config;                    // generation_config.json, or null
  Json tokenizer_config;                     // tokenizer_config.json, or null
  std::string chat_template;                 // chat_template.jinja, else of tokenizer_config, else of the GGUF file; may be empty
  std::string template_name;                 // the file of the template, for errors
  std::optional<GgufVocabulary> vocabulary;  // of a GGUF file

  // A file of the model's folder by a plain name, at most `limit` bytes. KT-E0402 if it is missing.
  bool has_file(const std::string& file_name) const;
  Result<std::string> read_file(const std::string& file_name, uint64_t limit) const;
  // Parses tokenizer.json, which may be large.
  Result<Json> tokenizer_json() const;
};

// `path` is a GGUF file (the first of a split), an HF folder, or a config.json. Reads headers and small files only.
Result<ModelSource> open_model(const std::string& path, const OpenOptions& options = {});

}  // namespace kt::core
