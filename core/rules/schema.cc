#include "core/rules/schema.h"

#include "core/rules/compat/python_map.h"
#include "core/rules/schema_values.h"

namespace kt::core {
namespace {

using schema::or_list;
using schema::or_variable;
using schema::reference;

constexpr size_t kMostRules = 1000;

Json described(Json value, const char* help) {
  value["description"] = help;
  return value;
}

Json object(Json properties, std::vector<std::string> required = {}) {
  Json out = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = required;
  return out;
}

Json pattern(const char* expression) { return {{"type", "string"}, {"pattern", expression}}; }

Json list_of(const Json& items) { return {{"type", {"array", "null"}}, {"items", items}, {"maxItems", kMostRules}}; }

Json match_keys() {
  const Json layer = {{"anyOf", {{{"type", "integer"}, {"minimum", 0}}, pattern("^(?:last| *[0-9]+ *(?:- *[0-9]+ *)?)$")}}};
  return {
      {"name", described({{"type", "string"}, {"minLength", 1}, {"maxLength", 4096}},
                         "a regular expression (PCRE2), searched in the node's dotted name")},
      {"class", described(or_list(reference("node_class")), "the node's class, or a list of classes")},
      {"layers", described(or_variable(or_list(layer)), "layers of the model: 3-60, [0, 1, 2] or last")},
      {"phase", described(or_variable({{"enum", {"prefill", "decode", "train"}}}), "only in this phase")},
      {"dtype", described(reference("weight_type"), "the type of the node's largest weight")},
      {"params", described(or_variable(pattern("^(?:>=|<=|==|>|<) *[0-9.]+(?:[eE][+]?[0-9]+)?$")),
                           "the number of weights, compared: '>= 1e6'")},
      {"arch", described(or_list({{"type", "string"}}), "architectures of models")},
  };
}

Json condition() {
  return described({{"type", "string"}, {"examples", {"device(\"cuda:0\")", "isa(\"avx512f\")", "plugin(\"cpu\")"}}},
                   "a condition on the machine: device(x), isa(x), plugin(x), free(x) >= SIZE, with and, or, not");
}

Json scalar() { return {{"type", {"string", "number", "boolean"}}}; }

// ---- kt's own form

Json native_replace(const OperatorTable& operators) {
  const Json hot = object({{"device", reference("device")},
                           {"operator", reference("operator")},
                           {"count", or_variable({{"anyOf", {{{"const", "auto"}}, {{"type", "integer"}, {"minimum", 0}}}}})}},
                          {"device"});
  Json out = object({{"operator", described(or_list(reference("operator")), "the first that supports the node is taken")},
                     {"device", described(reference("device"), "where the node is computed")},
                     {"out_device", described(reference("device"), "where the result is wanted")},
                     {"options", described({{"type", {"object", "null"}}, {"additionalProperties", scalar()}},
                                           "options of the operator, as it declares them")},
                     {"hot", described(hot, "hot experts beside the cold ones")},
                     {"recursive", described({{"type", "boolean"}, {"default", true}},
                                             "false: no rules are tried below a node that keeps its body")}},
                    {"operator"});
  out["allOf"] = schema::option_conditions(operators, "operator", "options", Json::object());
  return out;
}

Json native_rule(const OperatorTable& operators) {
  Json match = object(match_keys());
  match["minProperties"] = 1;
  return object({{"name", described({{"type", "string"}}, "for messages and tables")},
                 {"match", described(match, "which nodes; all keys given must hold")},
                 {"when", condition()},
                 {"replace", described(native_replace(operators), "what is put there")},
                 {"optional", described({{"type", "boolean"}, {"default", false}}, "true: the rule may match nothing")}},
                {"match", "replace"});
}

Json placement() {
  Json keys = match_keys();
  keys["experts"] = described({{"anyOf", {{{"type", "integer"}, {"minimum", 0}}, pattern("^ *[0-9]+ *(?:- *[0-9]+ *)?$")}}},
                              "experts of the module: 0-127");
  keys["when"] = condition();
  keys["device"] = described(reference("device"), "the device of these nodes, whatever computes them");
  return object(std::move(keys), {"device"});
}

Json native_form() {
  return object(
      {{"kt_rules", described({{"const", 1}}, "version of the rule language")},
       {"arch", described(or_list({{"type", "string"}}), "architectures the file is for; others are refused")},
       {"extends", described(or_list({{"type", "string"}}), "rule files whose rules are tried after these")},
       {"vars", described({{"type", "object"}, {"additionalProperties", scalar()}}, "variables, used as ${NAME}; --var wins")},
       {"placement", described(list_of(reference("placement")), "devices of nodes; the first entry that matches counts")},
       {"rules", described(list_of(reference("rule")), "in order; the first that matches decides a node")}},
      {"kt_rules"});
}

// ---- The list form

Json names(auto rows) {
  Json out = Json::array();
  for (const auto& row : rows) out.push_back(std::string(row.python));
  return out;
}

// Keywords of KTransformers. Those without a meaning here take any value.
Json python_keywords() {
  Json out = Json::object();
  for (const std::string_view word : keyword_rows()) out[std::string(word)] = true;
  for (const char* word : {"generate_device", "prefill_device", "out_device"}) out[word] = reference("device");
  for (const char* word : {"generate_op", "prefill_op"})
    out[word] = {{"anyOf", {{{"enum", names(operator_name_rows())}}, {{"type", "null"}}, {{"const", "None"}}}}};
  out["backend"] = {{"enum", names(backend_rows())}};
  out["transfer_map"] = {{"type", "object"}, {"additionalProperties", reference("device")}};
  out["absorb_for_prefill"] = {{"type", "boolean"}};
  return out;
}

Json list_rule(const OperatorTable& operators) {
  Json match = object({{"name", match_keys()["name"]},
                       {"class", described({{"anyOf", {reference("node_class"), reference("python_class")}}},
                                           "a class of node, or a Python class path")}});
  match["minProperties"] = 1;
  const Json python = {{"properties", {{"class", reference("python_class")}}}, {"required", {"class"}}};
  Json replace = object({{"class", described({{"anyOf", {reference("operator"), reference("python_class")}}},
                                             "an operator, default, or a Python class path")},
                         {"kwargs", {{"type", {"object", "null"}}}}},
                        {"class"});
  Json devices = Json::object();
  for (const char* word : {"generate_device", "prefill_device", "out_device"}) devices[word] = reference("device");
  replace["allOf"] = schema::option_conditions(operators, "class", "kwargs", devices);
  replace["allOf"].push_back({{"if", python}, {"then", {{"properties", {{"kwargs", {{"properties", python_keywords()}}}}}}}});
  return object({{"match", match}, {"replace", replace}, {"recursive", {{"type", "boolean"}, {"default", true}}}},
                {"match", "replace"});
}

}  // namespace

Json rule_schema(const OperatorTable& operators, const OperatorHelp& help, const ClassTable& classes, const Machine& machine) {
  Json definitions = {
      {"variable", described(pattern("\\$\\{[^}]+\\}"), "a text with ${NAME}, a variable of the file")},
      {"operator", schema::operator_name(operators, help)},
      {"node_class", schema::node_class(classes)},
      {"device", schema::device(machine)},
      {"weight_type", schema::weight_type()},
      {"python_class", pattern("^[A-Za-z0-9_]+\\.(?:[A-Za-z0-9_.]*[A-Z][A-Za-z0-9_.]*|[A-Za-z0-9_]+\\.[A-Za-z0-9_.]+)$")},
      {"placement", placement()},
      {"rule", native_rule(operators)},
      {"native_form", native_form()},
      {"list_rule", list_rule(operators)},
      {"list_form", {{"type", "array"}, {"items", reference("list_rule")}, {"maxItems", kMostRules}}},
  };
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "kt rule file, version 1"},
          {"description", "which operator computes which nodes of a model, and where"},
          {"if", {{"type", "array"}}},
          {"then", reference("list_form")},
          {"else", reference("native_form")},
          {"definitions", definitions}};
}

}  // namespace kt::core
