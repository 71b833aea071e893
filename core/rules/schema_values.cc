#include "core/rules/schema_values.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "core/rules/compat/python_map.h"
#include "core/rules/suggest.h"
#include "kt/format/dtype.h"

namespace kt::core::schema {
namespace {

// A word of a rule file as YAML reads it where it stands without quotes.
Json yaml_value(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  const Json number = Json::parse(text, nullptr, false);
  return number.is_number() ? number : Json(text);
}

Json typed(const OptionInfo& option) {
  const bool ranged = option.minimum != 0 || option.maximum != 0;
  Json out;
  if (option.type == KT_OPTION_ENUM) {
    out["enum"] = Json::array();
    for (const std::string& choice : option.choices) {
      out["enum"].push_back(choice);
      if (const Json plain = yaml_value(choice); !plain.is_string()) out["enum"].push_back(plain);
    }
  } else if (option.type == KT_OPTION_BOOL) {
    out["type"] = "boolean";
  } else if (option.type == KT_OPTION_INT || option.type == KT_OPTION_FLOAT) {
    out["type"] = option.type == KT_OPTION_INT ? "integer" : "number";
    if (ranged && option.type == KT_OPTION_INT) {
      out["minimum"] = static_cast<int64_t>(option.minimum);
      out["maximum"] = static_cast<int64_t>(option.maximum);
    } else if (ranged) {
      out["minimum"] = option.minimum;
      out["maximum"] = option.maximum;
    }
  } else {
    out["type"] = {"string", "number", "boolean"};
  }
  return out;
}

std::set<std::string> loaded_plugins(const OperatorTable& operators) {
  std::set<std::string> out;
  for (const OperatorInfo* op : operators.all()) out.insert(op->plugin);
  return out;
}

std::set<std::string> own_plugins() {
  std::set<std::string> out;
  for (const DevicePluginRow& row : device_plugin_rows()) out.emplace(row.plugin);
  for (const OperatorNameRow& row : operator_name_rows())
    for (const std::string& name : split_words(row.operators))
      if (name[0] != '@') out.insert(name.substr(0, name.find('.')));
  return out;
}

Json when(Json condition, Json consequence) { return {{"if", std::move(condition)}, {"then", std::move(consequence)}}; }

Json has(const std::string& key, Json value) { return {{"properties", {{key, std::move(value)}}}, {"required", {key}}}; }

Json closed(Json properties) { return {{"properties", std::move(properties)}, {"additionalProperties", false}}; }

// Each option of any operator, with the values that one of its operators allows.
std::map<std::string, Json> all_options(const OperatorTable& operators) {
  std::map<std::string, Json> out;
  for (const OperatorInfo* op : operators.all())
    for (const OptionInfo& option : op->options) {
      Json& values = out[option.name];
      const Json value = option_value(option);
      if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
  for (auto& [name, values] : out) values = values.size() == 1 ? Json(values[0]) : Json{{"anyOf", Json(values)}};
  return out;
}

// What may stand in a list, or before ".*", where an option is given.
Json takers_of(const std::string& option, const OperatorTable& operators) {
  std::set<std::string> names;
  for (const OperatorInfo* op : operators.all())
    if (std::any_of(op->options.begin(), op->options.end(), [&](const OptionInfo& o) { return o.name == option; })) {
      names.insert(op->name);
      names.insert(op->plugin + ".*");
    }
  Json taker = {{"anyOf", {{{"enum", names}}, foreign_operator(operators)}}};
  return {{"anyOf", {taker, {{"type", "array"}, {"contains", taker}}, {{"const", "default"}}, reference("variable")}}};
}

}  // namespace

Json reference(const std::string& definition) { return {{"$ref", "#/definitions/" + definition}}; }

Json or_variable(Json value) { return {{"anyOf", {std::move(value), reference("variable")}}}; }

Json or_list(const Json& value) { return {{"anyOf", {value, {{"type", "array"}, {"items", value}, {"minItems", 1}}}}}; }

Json option_value(const OptionInfo& option) {
  Json out = or_variable(typed(option));
  if (!option.default_value.empty()) out["default"] = yaml_value(option.default_value);
  out["description"] = option.help + (option.help.empty() ? "" : "; ") + "default: " + option.default_value;
  return out;
}

Json option_values(const OperatorInfo& op) {
  Json out = Json::object();
  for (const OptionInfo& option : op.options) out[option.name] = option_value(option);
  return out;
}

Json foreign_operator(const OperatorTable& operators) {
  const std::set<std::string> loaded = loaded_plugins(operators);
  std::vector<std::string> names;
  for (const std::string& plugin : own_plugins())
    if (!loaded.contains(plugin)) names.push_back(plugin);
  if (names.empty()) return false;
  return {{"type", "string"}, {"pattern", "^(?:" + join(names, "|") + ")\\.(?:[a-z0-9_]+|\\*)$"}};
}

Json operator_name(const OperatorTable& operators, const std::map<std::string, std::string>& help) {
  Json names = Json::array(), texts = Json::array();
  const auto add = [&](const std::string& name, const std::string& text) {
    names.push_back(name);
    texts.push_back(text);
  };
  for (const OperatorInfo* op : operators.all()) {
    const auto about = help.find(op->name);
    const bool said = about != help.end() && !about->second.empty();
    add(op->name, op->implements + " on " + op->device + (said ? ": " + about->second : ""));
  }
  for (const std::string& plugin : loaded_plugins(operators)) add(plugin + ".*", "the best operator of plugin " + plugin);
  add("default", "keep the node as it is and only set its device");
  Json out = {{"anyOf", {{{"enum", names}, {"enumDescriptions", texts}}, foreign_operator(operators), reference("variable")}}};
  out["description"] = "an operator, PLUGIN.* for the best of a plugin, or default";
  return out;
}

Json node_class(const ClassTable& classes) {
  Json names = Json::array(), help = Json::array();
  for (const std::string& name : classes.names()) {
    names.push_back(name);
    help.push_back(classes.find(name)->help);
  }
  return or_variable({{"enum", names}, {"enumDescriptions", help}});
}

Json device(const Machine& machine) {
  std::set<std::string> kinds = {"cpu", "disk"}, names = {"cpu"};
  for (const DevicePluginRow& row : device_plugin_rows()) kinds.emplace(row.device);
  for (const MachineDevice& device : machine.devices) {
    kinds.insert(device.kind);
    names.insert(DeviceName{device.kind, device.index}.text());
  }
  for (const std::string& kind : kinds)
    if (kind != "cpu" && kind != "disk") names.insert(kind + ":0");
  const std::vector<std::string> words(kinds.begin(), kinds.end());
  Json out = {{"anyOf",
               {{{"enum", names}},
                {{"type", "string"}, {"pattern", "^(?:" + join(words, "|") + ")(?::[0-9]+)?$"}},
                reference("variable")}}};
  out["description"] = "a device: cpu, or KIND:INDEX";
  return out;
}

Json weight_type() {
  Json upper = Json::array(), any = Json::array();
  for (const format::DtypeInfo& type : format::kDtypes) {
    std::string name(type.name), pattern = "^";
    for (const char c : name)
      pattern += c >= 'A' && c <= 'Z' ? std::string("[") + c + static_cast<char>(c + 32) + "]" : std::string(1, c);
    upper.push_back(name);
    any.push_back({{"pattern", pattern + "$"}});
  }
  return {{"anyOf", {{{"enum", upper}}, {{"type", "string"}, {"anyOf", any}}, reference("variable")}}};
}

Json option_conditions(const OperatorTable& operators, const std::string& operator_key, const std::string& options_key,
                       const Json& more) {
  Json out = Json::array();
  Json without = Json::array();
  const auto with_more = [&](Json properties) {
    properties.update(more);
    return closed(std::move(properties));
  };
  for (const OperatorInfo* op : operators.all()) {
    if (op->options.empty()) {
      without.push_back(op->name);
      continue;
    }
    out.push_back(
        when(has(operator_key, {{"const", op->name}}), {{"properties", {{options_key, with_more(option_values(*op))}}}}));
  }
  if (!without.empty())
    out.push_back(when(has(operator_key, {{"enum", without}}), {{"properties", {{options_key, with_more(Json::object())}}}}));
  Json any = Json::object();
  const std::map<std::string, Json> options = all_options(operators);
  for (const auto& [name, values] : options) {
    any[name] = values;
    out.push_back(when(has(options_key, {{"type", "object"}, {"required", {name}}}),
                       {{"properties", {{operator_key, takers_of(name, operators)}}}}));
  }
  const Json foreign = foreign_operator(operators);
  const Json several = {
      {"anyOf",
       {{{"type", "array"}, {"not", {{"contains", foreign}}}}, {{"type", "string"}, {"pattern", "\\.\\*$"}, {"not", foreign}}}}};
  out.push_back(when(has(operator_key, several), {{"properties", {{options_key, with_more(any)}}}}));
  return out;
}

}  // namespace kt::core::schema
