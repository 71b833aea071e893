// Rules as read from files: which nodes they match, under which condition, and what they put there.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/rules/pattern.h"
#include "core/rules/when.h"

namespace kt::core {

// A value and where it stands.
struct PlacedText {
  std::string text;
  Place place;
};

// Layers of a model: "3-60", [0, 1, 2], "last".
struct LayerSet {
  std::vector<std::pair<int, int>> ranges;  // inclusive
  bool last = false;
  std::string text;
  bool contains(int layer, int layer_count) const;
};

// Number of parameters compared with a limit: ">= 1e6".
struct ParameterLimit {
  std::string comparison;  // < <= > >= ==
  double limit = 0;
  std::string text;
  bool holds(double count) const;
};

struct Match {
  std::optional<Pattern> name;
  std::vector<PlacedText> classes;  // any of; empty: every class
  bool python_class = false;        // `classes` came from a Python class path
  std::optional<LayerSet> layers;
  std::optional<int32_t> phase;  // KtPhase
  std::optional<PlacedText> dtype;
  std::optional<ParameterLimit> params;
  std::vector<PlacedText> architectures;  // any of
  Place place;                            // of the key that a message points at: the name, else the class, else `match`
  // Not empty: `name` is searched in the name of the nearest enclosing module of one of these classes instead.
  std::vector<std::string> within;
  // `name` is searched in the node's name without its last component: one Python module stands for several nodes.
  bool parent_name = false;
};

// An option as written; its type is checked against the operator's declaration.
struct OptionSetting {
  PlacedText name;
  PlacedText value;
  bool quoted = false;
};

struct Replacement {
  // The first that supports the node; "default": leave the node as it is; "PLUGIN.*": the best of a plugin.
  std::vector<PlacedText> operators;
  std::optional<PlacedText> device;
  std::optional<PlacedText> out_device;
  std::vector<OptionSetting> options;
  Place place;
};

// Hot experts kept beside the cold ones.
struct HotExperts {
  std::optional<PlacedText> device;
  std::optional<PlacedText> op;
  std::string count = "auto";
  Place place;
};

struct RuleFile {
  std::string path;
  bool named = false;  // on the command line: only then are "matches nothing" and "shadowed" errors
  bool list_form = false;
};

struct Rule {
  int number = 0;  // of the rule in its file, from 1; several Rules that come from one written rule share it
  int file = 0;    // index into RuleSet::files
  std::string name;
  Place place;
  Match match;
  std::optional<Condition> when;
  Replacement replace;
  std::optional<HotExperts> hot;
  bool recursive = true;  // whether rules are tried below a node that stays expanded
  bool optional = false;
  bool lenient = false;  // a KTransformers rule: unknown operators, absent devices and no match are warnings
  bool broken = false;   // had errors; it is checked no further
  std::string note;      // what the translation of a KTransformers rule did

  // "rule 'experts'" or "rule 3".
  std::string label() const;
};

// A device for nodes, whatever computes them.
struct Placement {
  int file = 0;
  Place place;
  Match match;
  std::optional<Condition> when;
  std::optional<PlacedText> device;
  std::optional<std::pair<int64_t, int64_t>> experts;  // inclusive
  bool lenient = false;
};

struct RuleSet {
  std::vector<RuleFile> files;
  std::vector<Rule> rules;  // in the order they are tried
  std::vector<Placement> placement;
  std::map<std::string, std::string> vars;
  std::vector<PlacedText> architectures;  // of files that are for some only
  std::vector<Error> errors;              // in the order found; sorted_errors() puts them in line order
  std::vector<Error> warnings;
};

// The errors to show: by file as loaded, line and column, without repeats.
std::vector<Error> sorted_errors(const RuleSet& rules, std::vector<Error> errors, size_t most = 20);
// The first with the others in its `rest`; there must be one.
Error joined_errors(std::vector<Error> errors);

}  // namespace kt::core
