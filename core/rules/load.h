// Reads rule files with what they extend, and makes the rules of `--rules auto`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/graph/graph.h"
#include "core/rules/machine.h"
#include "core/rules/operator_table.h"
#include "core/rules/rule_set.h"

namespace kt::core {

// Reads the files; rules of later ones are tried first, rules of extended ones last. `files` are paths, or names searched in
// `folders` with and without ".yaml"; `vars` win over those of the files. What is wrong in the files stands in RuleSet::errors,
// for bind() to report together with its own; KT-E0208 if a file of `files` is nowhere.
Result<RuleSet> load_rules(const std::vector<std::string>& files, const std::vector<std::string>& folders,
                           const std::map<std::string, std::string>& vars);

// The rule file that belongs to a model: NAME.yaml of the first folder that has it, or "".
std::string rule_file_of(const std::string& model_name, const std::vector<std::string>& folders);

// One text as a rule file at `path`; what it extends is searched beside `path` and in `folders`.
RuleSet parse_rules(const std::string& text, const std::string& path, const std::vector<std::string>& folders,
                    const std::map<std::string, std::string>& vars);

// The rules that `--rules auto` means for this machine and model, as a file that can be read back.
std::string auto_rules_text(const Machine& machine, const Graph& graph, const OperatorTable& operators);
RuleSet auto_rules(const Machine& machine, const Graph& graph, const OperatorTable& operators);

}  // namespace kt::core
