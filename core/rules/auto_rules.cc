// The rules that `--rules auto` means.
#include <algorithm>
#include <map>

#include "core/rules/load.h"
#include "core/rules/operator_choice.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

// Plugins for a kind of device, by what their operators score on one node of each class of the graph.
std::vector<std::string> plugins_on(const std::string& kind, const Graph& graph, const OperatorTable& operators) {
  std::map<std::string, const Node*> examples;
  for (const Node* node : graph.nodes()) examples.emplace(node->class_name, node);
  std::map<std::string, int> scores;
  for (const OperatorInfo* op : operators.all()) {
    const auto example = examples.find(op->implements);
    if (op->device != kind || !op->installed || example == examples.end()) continue;
    const int score = operators.supports(*op, *example->second, option_values(*op, {})).score;
    if (score > 0) scores[op->plugin] += score;
  }
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [plugin, score] : scores) order.emplace_back(-score, plugin);
  std::sort(order.begin(), order.end());
  std::vector<std::string> out;
  for (const auto& [score, plugin] : order) out.push_back(plugin + ".*");
  return out;
}

}  // namespace

std::string auto_rules_text(const Machine& machine, const Graph& graph, const OperatorTable& operators) {
  std::string out = "# rules that kt made for " + graph.architecture +
                    " on this machine: " + std::to_string(machine.devices.size()) + " device" +
                    (machine.devices.size() == 1 ? "" : "s") + "\n";
  out += "kt_rules: 1\nrules:\n";
  const std::vector<std::string> plugins = plugins_on("cpu", graph, operators);
  if (plugins.empty()) return out.substr(0, out.size() - 1) + " []\n";
  out += "  - name: everything\n    match:   { name: '.*' }\n    replace: { operator: [\"" + join(plugins, "\", \"") +
         "\"], device: cpu }\n";
  return out;
}

RuleSet auto_rules(const Machine& machine, const Graph& graph, const OperatorTable& operators) {
  RuleSet out = parse_rules(auto_rules_text(machine, graph, operators), "auto", {}, {});
  for (RuleFile& file : out.files) file.named = false;
  return out;
}

}  // namespace kt::core
