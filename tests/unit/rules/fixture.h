// The golden models' graphs, and what rules say about them, for tests of rules.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/rules/bind.h"
#include "tests/unit/models/model_fixture.h"
#include "tests/unit/rules/fake_operators.h"

namespace kt::core::test {

// The graph of a golden model, from its configuration alone.
inline const Graph& golden_graph(const std::string& model) {
  static std::map<std::string, BuiltModel> built;
  auto found = built.find(model);
  if (found == built.end()) {
    auto made = build_from(golden_config(model));
    if (!made.ok()) throw std::runtime_error(made.error().text());
    found = built.emplace(model, std::move(*made)).first;
  }
  return *found->second.graph;
}

inline BindAttempt bind_text(const std::string& text, const Graph& graph, const OperatorTable& operators,
                             const BindOptions& options = {}, const Machine& machine = cpu_machine()) {
  return try_bind(graph, parse_rules(text, "r.yaml", {}, {}), operators, machine, options);
}

inline std::string texts(const std::vector<Error>& errors) {
  std::string out;
  for (const Error& error : errors) out += error.text() + "\n";
  return out;
}

inline std::string warning_texts(const std::vector<Error>& warnings) {
  std::string out;
  for (const Error& warning : warnings) out += warning_text(warning) + "\n";
  return out;
}

// Nodes a written rule decided in either phase, by its number: "1:4 2:0".
inline std::string matched_counts(const BoundGraph& bound) {
  std::map<int, int> counts;
  for (size_t r = 0; r < bound.uses.size(); ++r) {
    const int decided = std::max(bound.uses[r].matched[KT_PREFILL], bound.uses[r].matched[KT_DECODE]);
    int& count = counts[bound.rules.rules[r].number];
    count = std::max(count, decided);
  }
  std::string out;
  for (const auto& [number, count] : counts)
    out += (out.empty() ? "" : " ") + std::to_string(number) + ":" + std::to_string(count);
  return out;
}

}  // namespace kt::core::test
