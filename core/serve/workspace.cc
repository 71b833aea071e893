#include "core/serve/workspace.h"

#include <filesystem>

#include "core/estimate/assumed_types.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> installed_models(const std::vector<std::string>& folders) {
  std::vector<std::string> out;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) out.push_back(entry.path().filename().string());
  }
  return out;
}

}  // namespace

Result<std::string> find_model(const std::string& model, const std::vector<std::string>& model_folders) {
  std::error_code error;
  if (fs::exists(model, error)) return model;
  const bool is_name = model.find('/') == std::string::npos;
  if (is_name)
    for (const std::string& folder : model_folders)
      for (const char* suffix : {"", ".gguf"})
        if (const fs::path path = fs::path(folder) / (model + suffix); fs::exists(path, error)) return path.string();
  const std::vector<std::string> known = installed_models(model_folders);
  std::string hint = did_you_mean(model, known);
  if (hint.empty() && !known.empty()) hint = "give a path, or one of the installed models: " + join(known);
  if (hint.empty()) hint = "give the path of a GGUF file or of a folder with config.json";
  return fail(402, "model '" + model + "' does not exist", hint);
}

Result<std::unique_ptr<Workspace>> Workspace::open(const Registry& registry, const std::string& model,
                                                   const std::vector<std::string>& model_folders, bool need_weights) {
  std::unique_ptr<Workspace> out(new Workspace());
  const std::string path = KT_TRY(find_model(model, model_folders));
  out->source_ = KT_TRY(open_model(path, OpenOptions{need_weights}));
  const WeightStore* store = out->source_.weights.get();
  Result<BuiltModel> built = build_model(registry, out->source_.config, store);
  if (!built.ok()) return built.status().with_context(path);
  out->model_ = std::move(*built);
  out->names_ = std::make_unique<NameTable>(out->model_.names, out->model_.name_count, out->source_.config.source());
  if (store) KT_TRY(join_weights(*out->model_.graph, *out->names_, *store).with_context(path));
  return out;
}

std::string Workspace::shared_name(const WeightSpec& spec) const {
  if (!source_.weights) return spec.canonical;
  const auto source = names_->find(spec, *source_.weights);
  if (!source.ok() || source->tensors.empty()) return spec.canonical;
  const bool is_part = source->row && source->row->transform == KT_HEAD_ROWS;
  return source->tensors[0]->name + (is_part ? "+" + std::to_string(source->row->begin) : "");
}

Status Workspace::assume_types(const std::string& type) {
  if (source_.weights)
    return fail(102, "--type " + type + ": the files say the types of the weights",
                "give the config.json alone, or leave --type out");
  return core::assume_types(*model_.graph, type);
}

}  // namespace kt::core
