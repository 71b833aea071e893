#include "core/io/model_source.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/io/file_kind.h"
#include "core/io/open_file.h"
#include "core/io/read_vocabulary.h"
#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigName = "config.json";
constexpr uint64_t kMaxConfigBytes = 4 << 20;
constexpr uint64_t kMaxTokenizerConfigBytes = 16 << 20;
constexpr uint64_t kMaxTokenizerBytes = 256 << 20;
constexpr uint64_t kMaxTemplateBytes = 1 << 20;

std::vector<std::string> names_ending(const std::string& folder, std::string_view ending) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.ends_with(ending)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Error no_config(const std::string& folder) {
  if (const auto names = names_ending(folder, ".gguf"); !names.empty())
    return fail(402, folder + ": has no config.json", "pass the GGUF file itself: " + shown(folder + "/" + names.front()));
  return fail(402, folder + ": has no config.json", "pass the folder of a model, or a GGUF file");
}

Error no_weights(const std::string& folder) {
  for (const char* ending : {".bin", ".pt", ".pth"})
    if (const auto names = names_ending(folder, ending); !names.empty())
      return fail(402, folder + ": has no .safetensors files, but " + shown(names.front()) + ", a Python pickle",
                  "kt never runs pickles; convert the model to safetensors");
  return fail(402, folder + ": has no .safetensors files", "fetch the weights of the model");
}

// A JSON file of the folder; null if it is not there.
Result<Json> optional_json(const ModelSource& source, const std::string& name, uint64_t limit) {
  if (!source.has_file(name)) return Json();
  return parse_json(KT_TRY(source.read_file(name, limit)), source.folder + "/" + name);
}

// The value of "chat_template": one template, or a list of named ones of which "default" is taken.
Result<std::string> template_of(const Json& tokenizer_config, const std::string& file) {
  if (!tokenizer_config.is_object()) return std::string();
  const auto entry = tokenizer_config.find("chat_template");
  if (entry == tokenizer_config.end() || entry->is_null()) return std::string();
  if (entry->is_string()) return entry->get<std::string>();
  std::string first;
  for (const Json& item : entry->is_array() ? *entry : Json()) {
    const bool is_named = item.is_object() && item.contains("name") && item.contains("template") && item["template"].is_string();
    if (!is_named) break;
    if (item["name"] == "default") return item["template"].get<std::string>();
    if (first.empty()) first = item["template"].get<std::string>();
  }
  if (!first.empty()) return first;
  return fail(406, file + ": 'chat_template' is neither a string nor a list of named templates");
}

Status read_template(ModelSource& source) {
  if (source.has_file("chat_template.jinja")) {
    source.template_name = source.folder + "/chat_template.jinja";
    source.chat_template = KT_TRY(source.read_file("chat_template.jinja", kMaxTemplateBytes));
    if (is_utf8(source.chat_template)) return {};
    return fail(406, source.folder + "/chat_template.jinja: is not UTF-8");
  }
  source.template_name = source.folder + "/tokenizer_config.json (chat_template)";
  source.chat_template = KT_TRY(template_of(source.tokenizer_config, source.folder + "/tokenizer_config.json"));
  return {};
}

// Null if the folder has no weights; or not all of them, where none are needed.
Result<std::shared_ptr<const WeightStore>> folder_weights(const std::string& folder, const OpenOptions& options) {
  Result<std::vector<SafetensorsFile>> files = open_safetensors_folder(folder);
  const bool is_missing = files.ok() ? files->empty() : files.error().code == 402 && !options.need_weights;
  if (is_missing) return std::shared_ptr<const WeightStore>();
  return WeightStore::from(KT_TRY(std::move(files)));
}

Result<ModelSource> open_folder(const std::string& path, const std::string& folder, const std::string& config_name,
                                const OpenOptions& options) {
  ModelSource source;
  source.path = path;
  source.folder = folder;
  const fs::path whole = fs::path(folder).lexically_normal();
  source.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  const bool has_config = source.has_file(config_name);
  if (!has_config && (options.need_config || !source.has_file("tokenizer.json"))) return no_config(folder);
  if (has_config) {
    const std::string config_path = folder + "/" + config_name;
    const std::string text = KT_TRY(source.read_file(config_name, kMaxConfigBytes));
    source.config = KT_TRY(ModelConfig::from_json(KT_TRY(parse_json(text, config_path)), config_path));
  }
  source.generation_config = KT_TRY(optional_json(source, "generation_config.json", kMaxConfigBytes));
  source.tokenizer_config = KT_TRY(optional_json(source, "tokenizer_config.json", kMaxTokenizerConfigBytes));
  KT_TRY(read_template(source));
  if (config_name == kConfigName) source.weights = KT_TRY(folder_weights(folder, options));
  if (source.weights == nullptr && options.need_weights) return no_weights(folder);
  return source;
}

// "NAME-00001-of-00003.gguf" and "NAME.gguf" give "NAME".
std::string gguf_name(const std::string& path) {
  std::string name = fs::path(path).stem().string();
  constexpr size_t kSuffix = std::string_view("-00001-of-00003").size();
  if (name.size() > kSuffix && name.compare(name.size() - 9, 4, "-of-") == 0) name.resize(name.size() - kSuffix);
  return name;
}

Result<ModelSource> open_gguf_source(const std::string& path, const OpenOptions& options) {
  GgufModel model = KT_TRY(open_gguf(path));
  ModelSource source;
  source.kind = ModelSource::Kind::kGguf;
  source.path = path;
  source.folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
  source.name = gguf_name(path);
  const bool has_tensors =
      std::any_of(model.parts.begin(), model.parts.end(), [](const GgufFile& part) { return !part.tensors.empty(); });
  if (has_tensors || options.need_weights) source.weights = KT_TRY(WeightStore::from(model));
  const TensorEntry* embedding = source.weights ? source.weights->find("token_embd.weight") : nullptr;
  const uint64_t rows = embedding != nullptr ? static_cast<uint64_t>(embedding->shape.front()) : 0;
  source.vocabulary = KT_TRY(read_vocabulary(model.metadata(), rows, path));
  if (source.vocabulary) source.chat_template = source.vocabulary->chat_template;
  source.template_name = path + " (tokenizer.chat_template)";
  source.config = KT_TRY(ModelConfig::from_gguf(std::move(model.parts.front().metadata), path));
  return source;
}

}  // namespace

bool ModelSource::has_file(const std::string& file_name) const {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(fs::path(folder) / file_name, ignored));
}

Result<std::string> ModelSource::read_file(const std::string& file_name, uint64_t limit) const {
  return read_file_beneath(folder, file_name, limit);
}

Result<Json> ModelSource::tokenizer_json() const {
  return parse_json(KT_TRY(read_file("tokenizer.json", kMaxTokenizerBytes)), folder + "/tokenizer.json");
}

Result<ModelSource> open_model(const std::string& path, const OpenOptions& options) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return open_folder(path, path, kConfigName, options);
  const fs::path whole(path);
  if (whole.extension() != ".json") return open_gguf_source(path, options);
  if (!fs::exists(fs::symlink_status(whole, ignored))) return missing_file(path);
  const std::string folder = whole.has_parent_path() ? whole.parent_path().string() : ".";
  return open_folder(path, folder, whole.filename().string(), options);
}

}  // namespace kt::core
