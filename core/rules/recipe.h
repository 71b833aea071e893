// Recipes of kt quantize: which type the weights of matched nodes get.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/rules/matcher.h"
#include "core/rules/rule_set.h"

namespace kt::core {

struct RecipeRule {
  int number = 0;  // from 1
  std::string name;
  Place place;
  Match match;
  PlacedText type;  // "keep", or one of the known types
  bool optional = false;

  // "rule 'experts'" or "rule 3".
  std::string label() const;
};

struct Recipe {
  std::string path;
  std::vector<PlacedText> architectures;  // empty: for every one
  std::optional<PlacedText> type;         // of weights that no rule matches; nothing: as they are
  std::vector<RecipeRule> rules;          // in order; the first that matches wins
};

// `types` are the names that may be given, beside "keep". Errors as for rule files, all of a file in one (Error::rest); KT-E0208
// if the file cannot be read.
Result<Recipe> read_recipe(const std::string& path, const std::vector<std::string>& types);

// For each node, whose weights are meant, the first rule that matches it or a module around it; null where there is none or the
// node is null. KT-E0209 for a recipe of another architecture; KT-E0203 for rules that match none of the nodes and are not
// optional.
Result<std::vector<const RecipeRule*>> match_recipe(const Recipe& recipe, const Graph& graph,
                                                    const std::vector<const Node*>& nodes);

}  // namespace kt::core
