#include "core/rules/rule_set.h"

#include <algorithm>
#include <tuple>

namespace kt::core {

bool LayerSet::contains(int layer, int layer_count) const {
  if (layer < 0) return false;
  if (last && layer == layer_count - 1) return true;
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& r) { return layer >= r.first && layer <= r.second; });
}

bool ParameterLimit::holds(double count) const {
  if (comparison == "<") return count < limit;
  if (comparison == "<=") return count <= limit;
  if (comparison == ">") return count > limit;
  if (comparison == ">=") return count >= limit;
  return count == limit;
}

std::string Rule::label() const { return name.empty() ? "rule " + std::to_string(number) : "rule '" + name + "'"; }

std::vector<Error> sorted_errors(const RuleSet& rules, std::vector<Error> errors, size_t most) {
  const auto file_order = [&](const std::string& path) {
    const auto found = std::find_if(rules.files.begin(), rules.files.end(), [&](const RuleFile& f) { return f.path == path; });
    return found - rules.files.begin();
  };
  const auto key = [&](const Error& e) { return std::tuple(file_order(e.place.file), e.place.line, e.place.column); };
  std::stable_sort(errors.begin(), errors.end(), [&](const Error& a, const Error& b) { return key(a) < key(b); });
  const auto same = [](const Error& a, const Error& b) { return a.text() == b.text(); };
  errors.erase(std::unique(errors.begin(), errors.end(), same), errors.end());
  if (errors.size() > most) errors.resize(most);
  return errors;
}

Error joined_errors(std::vector<Error> errors) {
  Error out = std::move(errors[0]);
  for (size_t i = 1; i < errors.size(); ++i) out.rest += (i > 1 ? "\n" : "") + errors[i].text();
  return out;
}

}  // namespace kt::core
