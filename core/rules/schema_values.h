// The parts of the rule schema that come from tables: operators, options, classes, devices, weight types.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/graph/classes.h"
#include "core/rules/machine.h"
#include "core/rules/operator_table.h"

namespace kt::core::schema {

Json reference(const std::string& definition);
// `value`, or a text that holds ${NAME}.
Json or_variable(Json value);
// `value`, or a list of such.
Json or_list(const Json& value);

// The value of an option, with type, range, choices, default and help.
Json option_value(const OptionInfo& option);
// {NAME: value} of all options of an operator.
Json option_values(const OperatorInfo& op);

Json operator_name(const OperatorTable& operators, const std::map<std::string, std::string>& help);
// Names of operators whose plugin belongs to kt and is not loaded.
Json foreign_operator(const OperatorTable& operators);
Json node_class(const ClassTable& classes);
Json device(const Machine& machine);
Json weight_type();

// Conditions that tie options to operators; `operator_key` and `options_key` are names of two properties of one object. Options
// of a single operator are its own and those of `more`; a list or PLUGIN.* takes those that one of its operators declares.
Json option_conditions(const OperatorTable& operators, const std::string& operator_key, const std::string& options_key,
                       const Json& more);

}  // namespace kt::core::schema
