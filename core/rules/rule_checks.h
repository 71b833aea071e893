// What can be said about rules before the walk: their names, devices and options against machine, plugins and model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/rules/bind.h"
#include "core/rules/matcher.h"
#include "core/rules/operator_choice.h"

namespace kt::core {

// Where problems go: errors, or warnings where the rule is lenient.
struct Findings {
  std::vector<Error> errors;
  std::vector<Error> warnings;
};

// State of a rule or placement for one bind.
struct Activation {
  bool active = false;                // it takes part in the walk
  std::optional<std::string> device;  // that it names and that is present, in canonical form
  bool device_absent = false;
};

class RuleChecks {
 public:
  RuleChecks(const RuleSet& rules, const Matcher& matcher, const OperatorChooser& chooser, const Machine& machine,
             const BindOptions& options, std::string_view architecture, Findings& out)
      : rules_(rules),
        matcher_(matcher),
        chooser_(chooser),
        machine_(machine),
        options_(options),
        architecture_(architecture),
        out_(out) {}

  void check_architectures();
  Activation check(const Rule& rule, RuleUse& use);
  Activation check(const Placement& placement);

 private:
  void report(bool lenient, Error error) { (lenient ? out_.warnings : out_.errors).push_back(std::move(error)); }
  Activation resolve(const std::optional<PlacedText>& device, bool lenient);
  Error absent(const PlacedText& device, const std::string& kind) const;
  void check_classes(const Rule& rule);
  void check_operators(const Rule& rule, const Activation& activation);
  void unknown_operator(const Rule& rule, const PlacedText& name, const Activation& activation);
  void check_options(const Rule& rule);
  std::vector<const OperatorInfo*> candidates(const Rule& rule) const;
  void unknown_option(const Rule& rule, const OptionSetting& setting, const std::vector<const OperatorInfo*>& ops);
  void check_hot(const Rule& rule, RuleUse& use);

  const RuleSet& rules_;
  const Matcher& matcher_;
  const OperatorChooser& chooser_;
  const Machine& machine_;
  const BindOptions& options_;
  std::string_view architecture_;
  Findings& out_;
  std::vector<std::pair<std::string, std::string>> warned_devices_;  // file and device
};

}  // namespace kt::core
