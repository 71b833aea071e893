#include "core/rules/choose.h"

#include <filesystem>

#include "core/rules/load.h"

namespace kt::core {
namespace {

// "models/kt-tiny.gguf" and "models/kt-tiny/" are kt-tiny.
std::string name_of(const std::string& model) {
  const std::filesystem::path path(model);
  return (path.has_filename() ? path : path.parent_path()).stem().string();
}

}  // namespace

Result<ChosenRules> choose_rules(const RuleRequest& request, const Machine& machine, const Graph& graph,
                                 const OperatorTable& operators) {
  ChosenRules out;
  out.files = request.files;
  if (out.files.size() == 1 && (out.files[0].empty() || out.files[0] == "auto")) out.files.clear();
  if (request.files.empty()) {
    const std::string own = rule_file_of(name_of(request.model), request.folders);
    out.by_model = !own.empty();
    if (out.by_model) out.files = {own};
  }
  if (out.files.empty()) {
    out.rules = auto_rules(machine, graph, operators);
    return out;
  }
  out.rules = KT_TRY(load_rules(out.files, request.folders, request.vars));
  if (out.by_model)
    for (RuleFile& file : out.rules.files) file.named = false;
  return out;
}

}  // namespace kt::core
