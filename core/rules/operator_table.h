// The operators a rule may name, as the binder sees them; core/plugin implements the table over loaded libraries.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph.h"

namespace kt::core {

struct OptionInfo {
  std::string name;
  int32_t type = KT_OPTION_STRING;  // KtOptionType
  std::string default_value;        // as it would be written in YAML
  std::string help;
  std::vector<std::string> choices;  // of an ENUM
  double minimum = 0, maximum = 0;   // both 0: no range
};

struct OperatorInfo {
  std::string name;        // "cpu.moe"
  std::string implements;  // class of node: "MoeExperts"
  std::string device;      // kind of device: "cpu"
  std::string plugin;      // "cpu"
  std::string numerics;    // operators with one id give equal bits
  std::vector<OptionInfo> options;
  bool installed = true;  // false: known from a manifest whose library is not here
};

using OptionValues = std::map<std::string, std::string, std::less<>>;  // name -> value as written in YAML

struct SupportAnswer {
  int score = 0;  // 0: no
  std::string reason;
};

class OperatorTable {
 public:
  virtual ~OperatorTable() = default;
  virtual const OperatorInfo* find(std::string_view name) const = 0;
  virtual std::vector<const OperatorInfo*> all() const = 0;  // sorted by name
  // `options` holds every option that `op` declares.
  virtual SupportAnswer supports(const OperatorInfo& op, const Node& node, const OptionValues& options) const = 0;
};

}  // namespace kt::core
