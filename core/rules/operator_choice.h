// Picks the operator for a node out of those a rule names, and checks the options a rule gives it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/rules/machine.h"
#include "core/rules/operator_table.h"
#include "core/rules/rule_set.h"

namespace kt::core {

// An operator and why it was taken, or why none was.
struct Choice {
  const OperatorInfo* op = nullptr;
  OptionValues options;  // every declared one
  std::string reason;    // "best of cpu.linear 20, ref.linear 1", or the refusals, each with its operator's name
  bool expand = false;   // no operator, but the rule lets a module keep its body
};

class OperatorChooser {
 public:
  explicit OperatorChooser(const OperatorTable& table);

  const OperatorTable& table() const { return table_; }
  const std::vector<const OperatorInfo*>& all() const { return all_; }
  bool has_plugin(std::string_view plugin) const;

  // First of the rule's operators that supports the node on `device`.
  Choice choose(const Replacement& replace, const Node& node, const std::string& device) const;
  // The highest score on `device` among all operators; none for a module that no operator implements is no failure.
  Choice best(const Node& node, const std::string& device, const std::vector<OptionSetting>& options,
              std::string_view plugin = {}) const;
  // Operators that implement a class, by name.
  std::vector<std::string> implementing(std::string_view class_name) const;

 private:
  std::string refusal(const OperatorInfo& op, const Node& node, const std::string& device) const;

  const OperatorTable& table_;
  std::vector<const OperatorInfo*> all_;
  std::multimap<std::string, const OperatorInfo*, std::less<>> by_class_;
};

// Whether a value fits the option's type, range and choices; the error has the value's place.
Status check_option(const OptionInfo& option, const OptionSetting& setting);

// Options that the rule gives to `op`, with defaults for the others. Undeclared ones are left out.
OptionValues option_values(const OperatorInfo& op, const std::vector<OptionSetting>& settings);

// "PLUGIN.*" -> "PLUGIN"; "" for any other name.
std::string_view wildcard_plugin(std::string_view name);

}  // namespace kt::core
