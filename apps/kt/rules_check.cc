// kt rules check: every rule with what it matched, and everything that is wrong.
#include <algorithm>
#include <cstdio>
#include <map>

#include "apps/kt/rules.h"
#include "apps/kt/rules_text.h"
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

bool keeps_nodes(const core::Rule& rule) {
  return rule.replace.operators.size() == 1 && rule.replace.operators[0].text == "default";
}

std::string right(std::string text, size_t width) {
  text.insert(0, text.size() < width ? width - text.size() : 0, ' ');
  return text;
}

core::Json overlaps_json(const core::Graph& graph, const core::BoundGraph& bound) {
  core::Json out = core::Json::array();
  const auto number = [&](int rule) { return bound.rules.rules[static_cast<size_t>(rule)].number; };
  for (const core::Overlap& found : core::overlaps(graph, bound))
    out.push_back({{"rule", number(found.rule)}, {"taken_by", number(found.by)}, {"nodes", found.nodes}});
  return out;
}

// "+4 taken by rule 1": what a written rule matches as well, by its index among the lines.
std::map<const core::Rule*, std::string> taken_notes(const core::Graph& graph, const core::BoundGraph& bound) {
  std::map<const core::Rule*, int> nodes;
  std::map<const core::Rule*, std::vector<std::string>> by;
  const auto first_of = [&](int rule) {  // the first of those that come from one written rule
    const auto& rules = bound.rules.rules;
    size_t r = static_cast<size_t>(rule);
    while (r > 0 && rules[r - 1].file == rules[r].file && rules[r - 1].number == rules[r].number) --r;
    return &rules[r];
  };
  for (const core::Overlap& found : core::overlaps(graph, bound)) {
    const core::Rule *loser = first_of(found.rule), *winner = first_of(found.by);
    if (loser == winner) continue;
    nodes[loser] += found.nodes;
    const std::string number = std::to_string(winner->number);
    if (by[loser].empty() || by[loser].back() != number) by[loser].push_back(number);
  }
  std::map<const core::Rule*, std::string> out;
  for (const auto& [rule, count] : nodes)
    out[rule] = "+" + std::to_string(count) + " taken by rule" + (by[rule].size() > 1 ? "s " : " ") + core::join(by[rule]);
  return out;
}

void print_rules(const core::Graph& graph, const core::BoundGraph& bound) {
  constexpr size_t kName = 22, kOperators = 22, kDevice = 7, kNote = 30;
  std::printf("   #  %s %7s   %s %s NOTE\n", cell("RULE", kName).c_str(), "MATCHED", cell("REPLACED BY", kOperators).c_str(),
              cell("DEVICE", kDevice).c_str());
  int file = 0;
  const std::map<const core::Rule*, std::string> taken = taken_notes(graph, bound);
  for (const RuleLine& line : rule_lines(bound)) {
    if (line.rule->file != file) std::printf("      %s\n", bound.rules.files[static_cast<size_t>(line.rule->file)].path.c_str());
    file = line.rule->file;
    const std::string name = shown_name(*line.rule);
    const std::string operators = !line.use.operators.empty() ? core::join(line.use.operators, " ")
                                  : keeps_nodes(*line.rule)   ? "default"
                                                              : "-";
    std::string note = line.use.notes.empty() || line.use.notes.back() == name ? "" : line.use.notes.back();
    if (const auto found = taken.find(line.rule); note.empty() && found != taken.end()) note = found->second;
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
                {"by_model", checked.by_model},
                {"architecture", graph.architecture},
                {"nodes", nodes},
                {"ok", code == 0},
                {"rules", rules_json(bound)},
                {"errors", errors_json(errors, 'E')},
                {"warnings", errors_json(bound.warnings, 'W')},
                {"near_misses", misses_json(bound, near_misses(graph, bound))},
                {"overlaps", overlaps_json(graph, bound)},
                {"bindings", errors.empty() ? bindings_json(graph, bound) : core::Json::array()}});
    return code;
  }
  const size_t rule_count = rule_lines(bound).size();
  const char* dot = program.console().dot();
  std::printf("  %s %s %zu rule%s %s %zu nodes\n", checked.label.c_str(), dot, rule_count, rule_count == 1 ? "" : "s", dot,
              nodes);
  if (checked.by_model) std::printf("  the file with the model's name; -r auto takes the rules that kt makes\n");
  std::printf("\n");
  print_rules(graph, bound);
  std::fflush(stdout);
  if (!errors.empty() || !bound.warnings.empty())
    std::fprintf(stderr, "\n%s", problems_text(program.console(), graph, bound, errors, bound.warnings).c_str());
  return code;
}

}  // namespace kt::app
