#include "core/rules/recipe.h"

#include <algorithm>

#include "core/rules/codes.h"
#include "core/rules/reading.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

constexpr const char* kKeep = "keep";

class RecipeReader {
 public:
  RecipeReader(FieldReader& reader, const std::vector<std::string>& types) : reader_(reader), types_(types) {}

  Recipe read(const YamlNode& document) {
    out_.path = reader_.path();
    if (!document.is_map()) {
      reader_.error(document, rules::kSyntax, "a recipe must be a map with 'rules', found " + document.kind_text(),
                    "for example rules: [{ match: { class: MoeExperts }, quantize: q4_k }]");
      return std::move(out_);
    }
    reader_.check_keys(document, {"kt_rules", "arch", "type", "rules"});
    if (const YamlNode* value = document.find("kt_rules"); value && (!value->is_scalar() || value->text != "1"))
      reader_.error(*value, rules::kSyntax, "'kt_rules' must be 1, found " + value->value_text(), "this kt reads version 1");
    if (const YamlNode* value = document.find("arch")) out_.architectures = reader_.texts(*value, "arch");
    if (const YamlNode* value = document.find("type")) out_.type = type(*value, "type");
    const YamlNode* list = document.find("rules");
    if (!list || !list->is_sequence()) {
      reader_.error(list ? *list : document, rules::kSyntax, "a recipe needs a list 'rules'");
      return std::move(out_);
    }
    for (const YamlNode& item : list->items) rule(item);
    return std::move(out_);
  }

 private:
  std::optional<PlacedText> type(const YamlNode& node, const std::string& label) {
    auto written = reader_.text(node, label);
    if (!written || written->text == kKeep) return written;
    std::transform(written->text.begin(), written->text.end(), written->text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (std::find(types_.begin(), types_.end(), written->text) != types_.end()) return written;
    std::string hint = did_you_mean(written->text, types_);
    if (hint.empty()) hint = "known: keep, " + join(types_);
    reader_.error(node, rules::kUnknownName, "unknown type '" + node.text.substr(0, 60) + "'", std::move(hint));
    return std::nullopt;
  }

  void rule(const YamlNode& map) {
    RecipeRule out;
    out.number = ++count_;
    out.place = out.match.place = reader_.place(map);
    if (!map.is_map())
      return reader_.error(map, rules::kSyntax,
                           out.label() + " must be a map with 'match' and 'quantize', found " + map.kind_text());
    reader_.check_keys(map, {"name", "match", "quantize", "optional"});
    if (const YamlNode* value = map.find("name"))
      if (auto name = reader_.text(*value, "name")) out.name = name->text;
    if (const YamlNode* value = map.find("optional")) out.optional = reader_.boolean(*value, "optional").value_or(false);
    const YamlNode *match = map.find("match"), *quantize = map.find("quantize");
    if (!match || !match->is_map() || match->entries.empty()) {
      reader_.error(match ? *match : map, rules::kSyntax, out.label() + " needs a map 'match'",
                    "write name: '.*' if you mean every node");
    } else {
      reader_.check_keys(*match, {"name", "class", "layers", "dtype", "params", "arch"}, " in 'match'");
      reader_.match_keys(*match, out.match);
    }
    if (!quantize)
      return reader_.error(map, rules::kSyntax, out.label() + " has no 'quantize'", "write a type, or quantize: keep");
    if (auto written = type(*quantize, "quantize")) out.type = std::move(*written);
    out_.rules.push_back(std::move(out));
  }

  FieldReader& reader_;
  const std::vector<std::string>& types_;
  int count_ = 0;
  Recipe out_;
};

}  // namespace

std::string RecipeRule::label() const { return name.empty() ? "rule " + std::to_string(number) : "rule '" + name + "'"; }

Result<Recipe> read_recipe(const std::string& path, const std::vector<std::string>& types) {
  const std::optional<std::string> text = read_rule_text(path);
  if (!text) return fail(rules::kInclude, "recipe '" + path + "' cannot be read", "is it there, and readable?");
  const YamlNode document = KT_TRY(parse_yaml(*text, path));
  RuleSet set;
  set.files.push_back({path, true, false});
  FieldReader fields(set, 0);
  Recipe out = RecipeReader(fields, types).read(document);
  if (!set.errors.empty()) return joined_errors(sorted_errors(set, set.errors));
  return out;
}

Result<std::vector<const RecipeRule*>> match_recipe(const Recipe& recipe, const Graph& graph,
                                                    const std::vector<const Node*>& nodes) {
  const auto is_architecture = [&](const PlacedText& name) { return same_architecture(name.text, graph.architecture); };
  if (!recipe.architectures.empty() && std::none_of(recipe.architectures.begin(), recipe.architectures.end(), is_architecture))
    return fail_at(recipe.architectures.front().place, rules::kArchitecture,
                   "the recipe is not for the architecture " + graph.architecture,
                   "write one for this model, or leave 'arch' out");
  const Matcher matcher(graph);
  // A module around it must be named: its size or layer alone would take all that lies below.
  const auto holds = [&](const RecipeRule& rule, const Node* node) {
    if (matcher.holds(rule.match, *node)) return true;
    const bool is_named = rule.match.name || !rule.match.classes.empty();
    for (node = node->parent; is_named && node && node->parent; node = node->parent)
      if (matcher.holds(rule.match, *node)) return true;
    return false;
  };
  std::vector<const RecipeRule*> out;
  std::vector<bool> is_met(recipe.rules.size());
  for (const Node* node : nodes) {
    out.push_back(nullptr);
    for (size_t i = 0; node && i < recipe.rules.size(); ++i) {
      if (!holds(recipe.rules[i], node)) continue;
      is_met[i] = true;
      if (!out.back()) out.back() = &recipe.rules[i];
    }
  }
  std::vector<Error> errors;
  for (size_t i = 0; i < recipe.rules.size(); ++i)
    if (const RecipeRule& rule = recipe.rules[i]; !is_met[i] && !rule.optional)
      errors.push_back(fail_at(rule.match.place, rules::kMatchesNothing, rule.label() + " matches no weight of the model",
                               matcher.near_miss(rule.match)));
  if (!errors.empty()) return joined_errors(std::move(errors));
  return out;
}

}  // namespace kt::core
