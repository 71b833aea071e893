// What the readers of both forms of rule files share: errors with places, typed fields, and the keys of `match`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/rules/rule_set.h"
#include "core/rules/yaml_document.h"

namespace kt::core {

// Reads fields of one file into a RuleSet; what is wrong is recorded there and reading goes on.
class FieldReader {
 public:
  FieldReader(RuleSet& out, int file) : out_(out), file_(file) {}

  int file() const { return file_; }
  const std::string& path() const { return out_.files[static_cast<size_t>(file_)].path; }
  RuleSet& set() { return out_; }
  Place place(const YamlNode& node) const { return {path(), node.line, node.column}; }
  PlacedText placed(const YamlNode& node) const { return {node.text, place(node)}; }

  void error(const YamlNode& at, int code, std::string message, std::string hint = {});
  void warning(const YamlNode& at, int code, std::string message, std::string hint = {});
  size_t error_count() const { return out_.errors.size(); }

  // Whether all keys of `map` are known; `where` is "" or " in 'match'".
  bool check_keys(const YamlNode& map, const std::vector<std::string>& known, const std::string& where = {});
  // `label` names the field in messages: "match.name".
  std::optional<PlacedText> text(const YamlNode& node, const std::string& label);
  // A string or a list of strings, not empty.
  std::vector<PlacedText> texts(const YamlNode& node, const std::string& label);
  std::optional<bool> boolean(const YamlNode& node, const std::string& label);
  std::optional<Pattern> pattern(const YamlNode& node, const std::string& label);
  std::optional<Condition> condition(const YamlNode& node);
  // The name of a device, checked for its form only.
  std::optional<PlacedText> device(const YamlNode& node, const std::string& label);
  // The name of an operator, checked for its characters and length.
  std::optional<PlacedText> operator_name(const YamlNode& node, const std::string& label);
  // The keys of `match`, wherever they stand. Keys of other meaning are skipped.
  void match_keys(const YamlNode& map, Match& out);

  static const std::vector<std::string>& match_key_names();

 private:
  void match_name(const YamlNode& value, Match& out);
  std::optional<LayerSet> layers(const YamlNode& node);
  bool layer_item(const YamlNode& node, LayerSet& out);
  std::optional<int32_t> phase(const YamlNode& node);
  std::optional<PlacedText> dtype(const YamlNode& node);
  std::optional<ParameterLimit> parameters(const YamlNode& node);

  RuleSet& out_;
  int file_;
};

// A file as far as a YAML document may be long, and a little further; nothing if it cannot be read.
std::optional<std::string> read_rule_text(const std::string& path);

// "0-127" or "5" as an inclusive range; false if it is none.
bool parse_range(const std::string& text, int64_t& first, int64_t& last);

// What an unknown type of weight is told.
std::string weight_type_hint();

// Reads a file whose top level is a map with `kt_rules`. `vars` are those of the files that extend it and of the command line.
// Names of files to read after it go to `extends`, its own variables into `vars`.
void read_native_form(YamlNode document, FieldReader& reader, std::map<std::string, std::string>& vars,
                      std::vector<PlacedText>& extends);

// Reads a file whose top level is a list, as KTransformers has it.
void read_list_form(const YamlNode& document, FieldReader& reader);

}  // namespace kt::core
