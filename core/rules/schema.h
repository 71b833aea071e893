// The rule language as a JSON Schema (draft 7), for editors and validators.
#pragma once

#include <map>
#include <string>

#include "core/base/json.h"
#include "core/graph/classes.h"
#include "core/rules/machine.h"
#include "core/rules/operator_table.h"

namespace kt::core {

using OperatorHelp = std::map<std::string, std::string>;  // a line about each operator, by its name

// Both forms of rule files, with the operators, options, classes of node and kinds of device that are known here. Operators of
// first-party plugins that are not loaded may be named, with any options; those of other plugins may not.
Json rule_schema(const OperatorTable& operators, const OperatorHelp& help, const ClassTable& classes, const Machine& machine);

}  // namespace kt::core
