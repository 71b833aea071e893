// What the verbs of kt rules share: their flags, a model with rules bound to it, and rules as JSON and as text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/kt/program.h"
#include "core/base/json.h"
#include "core/rules/bind.h"
#include "core/serve/workspace.h"

namespace kt::app {

struct RulesFlags {
  std::vector<std::string> files;
  std::vector<std::string> vars;
  std::string model, node;
  std::string before, after, type, machine;  // of diff
  std::string output;                        // of schema
  int context = 0;                           // 0: the model's
  bool strict = false, map = false;
  core::BindOptions bind;
};

// A model's graph with the rules bound to it, errors included.
struct Checked {
  std::unique_ptr<core::Workspace> workspace;
  core::BindAttempt attempt;
  std::string label;      // the files as named, the model's own, or "auto"
  bool by_model = false;  // nobody named the file: it has the model's name
};

// Opens the model of the flags; KT-E04xx.
core::Result<std::unique_ptr<core::Workspace>> open_model(Program& program, const RulesFlags& flags);
// Reads and binds files of rules, chosen as kt run does, into `out`; its workspace is open. KT-E0102, KT-E0208.
core::Status bind_files(Program& program, const RulesFlags& flags, const std::vector<std::string>& files,
                        const core::Graph& graph, const core::Machine& machine, Checked& out);
core::Result<Checked> check_files(Program& program, const RulesFlags& flags);

core::Json errors_json(const std::vector<core::Error>& errors, char kind);
core::Json binding_json(const core::BoundGraph& bound, const core::NodeBinding& binding);

inline constexpr const char* kPhases[] = {"prefill", "decode"};

// A cell of a table with 100 columns: filled with spaces, or cut.
std::string cell(std::string text, size_t width);
// What a table calls a rule: its name, or the Python class it names.
std::string shown_name(const core::Rule& rule);
// "cpu.moe on cpu {activations: f32}"
std::string binding_text(const core::NodeBinding& how);

core::Result<int> run_rules_check(Program& program, const RulesFlags& flags);
core::Result<int> run_rules_explain(Program& program, const RulesFlags& flags);
core::Result<int> run_rules_init(Program& program, const RulesFlags& flags);
core::Result<int> run_rules_schema(Program& program, const RulesFlags& flags);
core::Result<int> run_rules_diff(Program& program, const RulesFlags& flags);

}  // namespace kt::app
