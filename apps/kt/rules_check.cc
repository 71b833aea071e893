// kt rules check: every rule with what it matched, and everything that is wrong.
#include <algorithm>
#include <cstdio>

#include "apps/kt/rules.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

core::Json bindings_json(const core::Graph& graph, const core::BoundGraph& bound) {
  core::Json out = core::Json::array();
  for (const core::Node* node : graph.nodes())
    for (const KtPhase phase : core::kBoundPhases)
      if (const core::NodeBinding* b = bound.how(*node, phase)) {
        core::Json item = {{"node", node->name}, {"class", node->class_name}, {"phase", kPhases[phase]}};
        item.update(binding_json(bound, *b));
        out.push_back(std::move(item));
      }
  return out;
}

// Several rules may come from one written rule; together they are one line.
struct RuleLine {
  const core::Rule* rule = nullptr;
  core::RuleUse use;
};

std::vector<RuleLine> rule_lines(const core::BoundGraph& bound) {
  std::vector<RuleLine> out;
  const auto merge = [](std::vector<std::string>& into, const std::vector<std::string>& from) {
    for (const std::string& word : from)
      if (std::find(into.begin(), into.end(), word) == into.end()) into.push_back(word);
  };
  for (size_t r = 0; r < bound.uses.size(); ++r) {
    const core::Rule& rule = bound.rules.rules[r];
    const core::RuleUse& use = bound.uses[r];
    if (out.empty() || out.back().rule->file != rule.file || out.back().rule->number != rule.number) {
      out.push_back({&rule, use});
      continue;
    }
    core::RuleUse& total = out.back().use;
    for (const KtPhase phase : core::kBoundPhases) total.matched[phase] = std::max(total.matched[phase], use.matched[phase]);
    total.nodes = std::max(total.nodes, use.nodes);
    total.skipped = total.skipped && use.skipped;
    merge(total.operators, use.operators);
    merge(total.devices, use.devices);
    merge(total.notes, use.notes);
  }
  return out;
}

int matched(const core::RuleUse& use) { return std::max(use.matched[KT_PREFILL], use.matched[KT_DECODE]); }

core::Json rules_json(const core::BoundGraph& bound) {
  core::Json out = core::Json::array();
  for (const RuleLine& line : rule_lines(bound))
    out.push_back({{"number", line.rule->number},
                   {"name", line.rule->name},
                   {"file", bound.rules.files[static_cast<size_t>(line.rule->file)].path},
                   {"line", line.rule->place.line},
                   {"matched", matched(line.use)},
                   {"prefill", line.use.matched[KT_PREFILL]},
                   {"decode", line.use.matched[KT_DECODE]},
                   {"skipped", line.use.skipped},
                   {"operators", line.use.operators},
                   {"devices", line.use.devices},
                   {"notes", line.use.notes}});
  return out;
}

std::string right(std::string text, size_t width) {
  text.insert(0, text.size() < width ? width - text.size() : 0, ' ');
  return text;
}

void print_rules(const core::BoundGraph& bound) {
  constexpr size_t kName = 22, kOperators = 22, kDevice = 7, kNote = 30;
  std::printf("   #  %s %7s   %s %s NOTE\n", cell("RULE", kName).c_str(), "MATCHED", cell("REPLACED BY", kOperators).c_str(),
              cell("DEVICE", kDevice).c_str());
  int file = 0;
  for (const RuleLine& line : rule_lines(bound)) {
    if (line.rule->file != file) std::printf("      %s\n", bound.rules.files[static_cast<size_t>(line.rule->file)].path.c_str());
    file = line.rule->file;
    const std::string name = shown_name(*line.rule);
    const std::string operators = !line.use.operators.empty() ? core::join(line.use.operators, " ")
                                  : matched(line.use) > 0     ? "default"
                                                              : "-";
    std::string note = line.use.notes.empty() || line.use.notes.back() == name ? "" : line.use.notes.back();
    if (note.size() > kNote) note = cell(note, kNote);
    std::printf("%s  %s %s   %s %s %s\n", right(std::to_string(line.rule->number), 4).c_str(), cell(name, kName).c_str(),
                right(line.use.skipped ? "-" : std::to_string(matched(line.use)), 7).c_str(), cell(operators, kOperators).c_str(),
                cell(core::join(line.use.devices, " "), kDevice).c_str(), note.c_str());
  }
}

}  // namespace

core::Result<int> run_rules_check(Program& program, const RulesFlags& flags) {
  const Checked checked = KT_TRY(check_files(program, flags));
  const core::BoundGraph& bound = checked.attempt.bound;
  const auto& errors = checked.attempt.errors;
  const core::Graph& graph = checked.workspace->graph();
  const size_t nodes = graph.nodes().size();
  const int code = !errors.empty()                           ? static_cast<int>(core::Exit::kRules)
                   : flags.strict && !bound.warnings.empty() ? static_cast<int>(core::Exit::kCheck)
                                                             : 0;
  if (program.json()) {
    print_json({{"files", checked.label},
                {"architecture", graph.architecture},
                {"nodes", nodes},
                {"ok", code == 0},
                {"rules", rules_json(bound)},
                {"errors", errors_json(errors, 'E')},
                {"warnings", errors_json(bound.warnings, 'W')},
                {"bindings", errors.empty() ? bindings_json(graph, bound) : core::Json::array()}});
    return code;
  }
  const size_t rule_count = rule_lines(bound).size();
  std::printf("  %s · %zu rule%s · %zu nodes\n\n", checked.label.c_str(), rule_count, rule_count == 1 ? "" : "s", nodes);
  print_rules(bound);
  std::fflush(stdout);
  if (!errors.empty() || !bound.warnings.empty()) std::fprintf(stderr, "\n");
  for (const core::Error& error : errors) std::fprintf(stderr, "%s\n", error.text().c_str());
  for (const core::Error& warning : bound.warnings) std::fprintf(stderr, "%s\n", core::warning_text(warning).c_str());
  return code;
}

}  // namespace kt::app
