// The native form: a map with `kt_rules`, vars, placement and rules.
#include <algorithm>

#include "core/rules/codes.h"
#include "core/rules/reading.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

constexpr size_t kMostRules = 1000;
constexpr size_t kMostErrors = 20;  // as many as are shown

std::vector<std::string> with(std::vector<std::string> names, const std::vector<std::string>& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

class NativeReader {
 public:
  NativeReader(FieldReader& reader, std::map<std::string, std::string>& vars) : reader_(reader), vars_(vars) {}

  void read(YamlNode& document, std::vector<PlacedText>& extends) {
    reader_.check_keys(document, {"kt_rules", "arch", "extends", "vars", "placement", "rules"});
    version(*document.find("kt_rules"));
    if (const YamlNode* value = document.find("vars")) read_vars(*value);
    for (YamlEntry& entry : document.entries)
      if (entry.key.text != "vars") substitute(entry.value);
    if (const YamlNode* value = document.find("arch"))
      for (PlacedText& name : reader_.texts(*value, "arch")) reader_.set().architectures.push_back(std::move(name));
    if (const YamlNode* value = document.find("extends")) extends = reader_.texts(*value, "extends");
    if (const YamlNode* value = document.find("placement")) read_list(*value, "placement", &NativeReader::placement);
    if (const YamlNode* value = document.find("rules")) read_list(*value, "rules", &NativeReader::rule);
  }

 private:
  void version(const YamlNode& value) {
    if (!value.is_scalar() || value.text != "1")
      reader_.error(value, rules::kSyntax, "'kt_rules' must be 1, found " + value.value_text(),
                    "this kt reads version 1 of the rule language");
  }

  void read_vars(const YamlNode& map) {
    if (!map.is_map()) return reader_.error(map, rules::kInclude, "'vars' must be a map, found " + map.kind_text());
    for (const YamlEntry& entry : map.entries) {
      if (!entry.value.is_scalar())
        reader_.error(entry.value, rules::kInclude,
                      "variable '" + entry.key.text + "' must be a word or a number, found " + entry.value.kind_text());
      else
        vars_.try_emplace(entry.key.text, entry.value.text);
    }
  }

  void substitute(YamlNode& node) {
    for (YamlNode& item : node.items) substitute(item);
    for (YamlEntry& entry : node.entries) substitute(entry.value);
    if (!node.is_scalar() || node.text.find("${") == std::string::npos) return;
    std::string out;
    for (size_t at = 0; at < node.text.size();) {
      const size_t open = node.text.find("${", at);
      const size_t close = open == std::string::npos ? open : node.text.find('}', open);
      out += node.text.substr(at, open == std::string::npos ? open : open - at);
      if (open == std::string::npos) break;
      if (close == std::string::npos) return reader_.error(node, rules::kInclude, "'${' has no '}'");
      out += value_of(node, node.text.substr(open + 2, close - open - 2));
      at = close + 1;
    }
    node.text = std::move(out);
    node.quoted = false;  // what the variable holds decides whether it is a number
  }

  std::string value_of(const YamlNode& node, const std::string& name) {
    if (const auto found = vars_.find(name); found != vars_.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [key, value] : vars_) known.push_back(key);
    std::string hint = did_you_mean(name, known);
    if (hint.empty()) hint = "write it under 'vars' or pass --var " + name + "=VALUE";
    reader_.error(node, rules::kInclude, "variable '" + name + "' is not defined", std::move(hint));
    return {};
  }

  void read_list(const YamlNode& list, const std::string& label, void (NativeReader::*read_item)(const YamlNode&, int)) {
    if (list.is_null()) return;
    if (!list.is_sequence())
      return reader_.error(list, rules::kSyntax, "'" + label + "' must be a list, found " + list.kind_text());
    if (list.items.size() > kMostRules) {
      YamlNode dash = list.items[kMostRules];
      dash.column = list.column;
      return reader_.error(dash, rules::kSyntax, "more than " + std::to_string(kMostRules) + " rules");
    }
    for (size_t i = 0; i < list.items.size() && reader_.error_count() < kMostErrors; ++i)
      (this->*read_item)(list.items[i], static_cast<int>(i) + 1);
  }

  void placement(const YamlNode& map, int number) {
    if (!map.is_map())
      return reader_.error(map, rules::kSyntax,
                           "placement " + std::to_string(number) + " must be a map, found " + map.kind_text());
    const size_t before = reader_.error_count();
    const bool known =
        reader_.check_keys(map, with(FieldReader::match_key_names(), {"experts", "when", "device"}), " in 'placement'");
    Placement out;
    out.file = reader_.file();
    out.place = reader_.place(map);
    out.match.place = out.place;
    reader_.match_keys(map, out.match);
    if (const YamlNode* value = map.find("when")) out.when = reader_.condition(*value);
    if (const YamlNode* value = map.find("experts")) out.experts = experts(*value);
    if (const YamlNode* value = map.find("device"))
      out.device = reader_.device(*value, "device");
    else if (known)
      reader_.error(map, rules::kSyntax, "placement " + std::to_string(number) + " has no 'device'");
    if (reader_.error_count() == before) reader_.set().placement.push_back(std::move(out));
  }

  std::optional<std::pair<int64_t, int64_t>> experts(const YamlNode& value) {
    int64_t first = 0, last = 0;
    if (value.is_scalar() && parse_range(value.text, first, last)) return std::pair(first, last);
    reader_.error(value, rules::kBadValue, "'experts' must be like 0-127, found " + value.value_text());
    return std::nullopt;
  }

  void rule(const YamlNode& map, int number) {
    const std::string label = "rule " + std::to_string(number);
    if (map.is_null()) return reader_.error(map, rules::kSyntax, label + " is empty");
    if (!map.is_map())
      return reader_.error(map, rules::kSyntax, "rule must be a map with 'match' and 'replace', found " + map.kind_text());
    const size_t before = reader_.error_count();
    Rule out;
    out.number = number;
    out.file = reader_.file();
    out.place = out.match.place = out.replace.place = reader_.place(map);
    const bool known = reader_.check_keys(map, {"name", "match", "when", "replace", "optional"});
    if (const YamlNode* value = map.find("name"))
      if (auto name = reader_.text(*value, "name")) out.name = name->text;
    if (const YamlNode* value = map.find("when")) out.when = reader_.condition(*value);
    if (const YamlNode* value = map.find("optional")) out.optional = reader_.boolean(*value, "optional").value_or(false);
    if (const YamlNode* value = map.find("match"))
      match(*value, out.match);
    else if (known)
      reader_.error(map, rules::kSyntax, label + " has no 'match'");
    if (const YamlNode* value = map.find("replace"))
      replace(*value, out);
    else if (known)
      reader_.error(map, rules::kSyntax, label + " has no 'replace'",
                    "use 'replace: {operator: default}' to keep the node and only set devices");
    out.broken = reader_.error_count() != before;
    reader_.set().rules.push_back(std::move(out));
  }

  void match(const YamlNode& map, Match& out) {
    out.place = reader_.place(map);
    if (!map.is_map()) return reader_.error(map, rules::kSyntax, "'match' must be a map, found " + map.kind_text());
    const bool known = reader_.check_keys(map, FieldReader::match_key_names(), " in 'match'");
    if (map.entries.empty() && known)
      reader_.error(map, rules::kSyntax, "'match' is empty", "write name: '.*' if you mean every node");
    reader_.match_keys(map, out);
  }

  void replace(const YamlNode& map, Rule& out) {
    out.replace.place = reader_.place(map);
    if (!map.is_map()) return reader_.error(map, rules::kSyntax, "'replace' must be a map, found " + map.kind_text());
    const bool known =
        reader_.check_keys(map, {"operator", "device", "out_device", "options", "hot", "recursive"}, " in 'replace'");
    if (const YamlNode* value = map.find("operator"))
      operators(*value, out.replace);
    else if (known)
      reader_.error(map, rules::kSyntax, "'replace' has no 'operator'",
                    "write 'operator: default' to keep the node and only set devices");
    if (const YamlNode* value = map.find("device")) out.replace.device = reader_.device(*value, "device");
    if (const YamlNode* value = map.find("out_device")) out.replace.out_device = reader_.device(*value, "out_device");
    if (const YamlNode* value = map.find("options")) options(*value, out.replace);
    if (const YamlNode* value = map.find("recursive")) out.recursive = reader_.boolean(*value, "recursive").value_or(true);
    if (const YamlNode* value = map.find("hot")) out.hot = hot(*value);
  }

  void operators(const YamlNode& value, Replacement& out) {
    if (!value.is_sequence()) {
      if (auto name = reader_.operator_name(value, "replace.operator")) out.operators.push_back(std::move(*name));
      return;
    }
    if (value.items.empty()) reader_.error(value, rules::kBadValue, "'replace.operator' is an empty list");
    for (const YamlNode& item : value.items)
      if (auto name = reader_.operator_name(item, "replace.operator")) out.operators.push_back(std::move(*name));
  }

  void options(const YamlNode& map, Replacement& out) {
    if (map.is_null()) return;
    if (!map.is_map()) return reader_.error(map, rules::kSyntax, "'options' must be a map, found " + map.kind_text());
    for (const YamlEntry& entry : map.entries) {
      if (!entry.value.is_scalar())
        reader_.error(entry.value, rules::kBadValue,
                      "option '" + entry.key.text + "' must be a single value, found " + entry.value.kind_text());
      else
        out.options.push_back({reader_.placed(entry.key), reader_.placed(entry.value), entry.value.quoted});
    }
  }

  std::optional<HotExperts> hot(const YamlNode& map) {
    if (!map.is_map()) {
      reader_.error(map, rules::kSyntax, "'hot' must be a map, found " + map.kind_text());
      return std::nullopt;
    }
    HotExperts out;
    out.place = reader_.place(map);
    reader_.check_keys(map, {"device", "operator", "count"}, " in 'hot'");
    if (const YamlNode* value = map.find("device"))
      out.device = reader_.device(*value, "hot.device");
    else
      reader_.error(map, rules::kSyntax, "'hot' has no 'device'");
    if (const YamlNode* value = map.find("operator")) out.op = reader_.operator_name(*value, "hot.operator");
    if (const YamlNode* value = map.find("count")) {
      int64_t count = 0, same = 0;
      out.count = value->text;
      if (!value->is_scalar() ||
          (value->text != "auto" && (value->text.find('-') != std::string::npos || !parse_range(value->text, count, same))))
        reader_.error(*value, rules::kBadValue, "'hot.count' must be a number or auto, found " + value->value_text());
    }
    return out;
  }

  FieldReader& reader_;
  std::map<std::string, std::string>& vars_;
};

}  // namespace

void read_native_form(YamlNode document, FieldReader& reader, std::map<std::string, std::string>& vars,
                      std::vector<PlacedText>& extends) {
  NativeReader(reader, vars).read(document, extends);
}

}  // namespace kt::core
