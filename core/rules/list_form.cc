// The list form: files written for KTransformers, and rules of kt in the same shape.
#include <algorithm>

#include "core/rules/codes.h"
#include "core/rules/compat/python_map.h"
#include "core/rules/machine.h"
#include "core/rules/reading.h"
#include "core/rules/suggest.h"
#include "kt/abi.h"

namespace kt::core {
namespace {

constexpr size_t kMostRules = 1000;
constexpr size_t kMostErrors = 20;  // as many as are shown

std::vector<std::string> keyword_names() {
  std::vector<std::string> out;
  for (const std::string_view word : keyword_rows()) out.emplace_back(word);
  return out;
}

bool is_keyword(std::string_view name) {
  const auto rows = keyword_rows();
  return std::find(rows.begin(), rows.end(), name) != rows.end();
}

// What `kwargs` of a rule say.
struct Keywords {
  std::optional<PlacedText> generate_device, prefill_device, out_device;
  std::optional<PlacedText> generate_op, prefill_op;
  std::vector<OptionSetting> options;
  std::vector<std::pair<int, PlacedText>> transfers;  // from this layer on, the device
};

class ListReader {
 public:
  explicit ListReader(FieldReader& reader) : reader_(reader) {}

  void read(const YamlNode& list) {
    if (list.items.size() > kMostRules) {
      YamlNode dash = list.items[kMostRules];
      dash.column = list.column;
      return reader_.error(dash, rules::kSyntax, "more than " + std::to_string(kMostRules) + " rules");
    }
    for (size_t i = 0; i < list.items.size() && reader_.error_count() < kMostErrors; ++i) {
      YamlNode dash = list.items[i];
      dash.column = list.column;
      number_ = static_cast<int>(i) + 1;
      rule(list.items[i], dash);
    }
  }

 private:
  std::string label() const { return "rule " + std::to_string(number_); }

  void rule(const YamlNode& map, const YamlNode& dash) {
    if (map.is_null()) return reader_.error(dash, rules::kSyntax, label() + " is empty");
    if (!map.is_map())
      return reader_.error(map, rules::kSyntax, "rule must be a map with 'match' and 'replace', found " + map.kind_text());
    const size_t before = reader_.error_count();
    const bool known = reader_.check_keys(map, {"match", "replace", "recursive"});
    Rule out;
    out.number = number_;
    out.file = reader_.file();
    out.place = out.match.place = out.replace.place = reader_.place(map);
    const YamlNode* match_value = map.find("match");
    const YamlNode* replace_value = map.find("replace");
    if (match_value)
      match(*match_value, out.match);
    else if (known)
      reader_.error(map, rules::kSyntax, label() + " has no 'match'");
    if (const YamlNode* value = map.find("recursive")) out.recursive = reader_.boolean(*value, "recursive").value_or(true);
    if (replace_value)
      replace(*replace_value, out, before);
    else if (known)
      reader_.error(map, rules::kSyntax, label() + " has no 'replace'",
                    "use 'replace: {class: default}' to keep the node and only set devices");
    if (reader_.error_count() != before && (reader_.set().rules.empty() || reader_.set().rules.back().number != number_ ||
                                            reader_.set().rules.back().file != reader_.file())) {
      out.broken = true;
      reader_.set().rules.push_back(std::move(out));
    }
  }

  void match(const YamlNode& map, Match& out) {
    out.place = reader_.place(map);
    if (!map.is_map()) return reader_.error(map, rules::kSyntax, "'match' must be a map, found " + map.kind_text());
    const bool known = reader_.check_keys(map, {"name", "class"}, " in 'match'");
    if (!map.find("name") && !map.find("class") && known)
      reader_.error(map, rules::kSyntax, "'match' needs 'name', 'class' or both");
    reader_.match_keys(map, out);
    if (out.classes.size() == 1 && is_python_path(out.classes[0].text)) translate_class(out);
  }

  void translate_class(Match& out) {
    out.python_class = true;
    const PlacedText written = out.classes[0];
    const ModelClassRow* row = find_model_class(written.text);
    if (find_operator_class(written.text) || !row) {
      YamlNode at;
      at.line = written.place.line;
      at.column = written.place.column;
      const std::string last(last_component(written.text));
      if (row || find_operator_class(written.text))
        reader_.warning(at, rules::kUnknownName,
                        "'" + last + "' is a class of operator; a model has no module of it, so the rule matches nothing");
      else
        reader_.warning(at, rules::kUnknownName, "no node class stands for '" + last + "', so the rule matches nothing",
                        "kt rules schema --map lists the classes");
      return;
    }
    out.classes.clear();
    for (std::string& name : split_words(row->classes)) out.classes.push_back({std::move(name), written.place});
  }

  void replace(const YamlNode& map, Rule& out, size_t before) {
    out.replace.place = reader_.place(map);
    if (!map.is_map()) return reader_.error(map, rules::kSyntax, "'replace' must be a map, found " + map.kind_text());
    const YamlNode* kwargs = map.find("kwargs");
    const bool outdented = kwargs && kwargs->is_null() && check_outdented(map, *kwargs);
    std::vector<std::string> known = {"class", "kwargs"};
    if (outdented)
      for (std::string& word : keyword_names()) known.push_back(std::move(word));
    const bool keys_known = reader_.check_keys(map, known, " in 'replace'");
    const YamlNode* class_value = map.find("class");
    if (!class_value) {
      if (keys_known) reader_.error(map, rules::kSyntax, "'replace' has no 'class'");
      return;
    }
    const auto name = reader_.operator_name(*class_value, "replace.class");
    if (!name) return;
    const bool python = is_python_path(name->text);
    out.lenient = python || name->text == "default";
    Keywords words;
    YamlNode moved;  // kwargs that stand at the column of `kwargs`
    if (outdented) {
      moved = map;
      std::erase_if(moved.entries, [](const YamlEntry& e) { return e.key.text == "class" || e.key.text == "kwargs"; });
      kwargs = &moved;
    }
    if (kwargs) keywords(*kwargs, out.lenient, words);
    if (reader_.error_count() != before) return;
    if (python)
      translate(std::move(out), *name, words);
    else
      keep(std::move(out), *name, words);
  }

  // Whether keys of `kwargs` stand beside it because of their indentation.
  bool check_outdented(const YamlNode& map, const YamlNode& kwargs) {
    const bool found =
        std::any_of(map.entries.begin(), map.entries.end(), [](const YamlEntry& e) { return is_keyword(e.key.text); });
    if (found)
      reader_.warning(kwargs, rules::kSyntax,
                      "'kwargs' is null: the keys after it stand at its own column; they are read as its keys",
                      "indent them by two");
    return found;
  }

  void keywords(const YamlNode& map, bool lenient, Keywords& out) {
    if (map.is_null()) {
      reader_.warning(map, rules::kSyntax, "'kwargs' is null", "remove it, or indent the keys that belong to it");
      return;
    }
    if (!map.is_map()) return reader_.error(map, rules::kSyntax, "'kwargs' must be a map, found " + map.kind_text());
    for (const YamlEntry& entry : map.entries) keyword(entry, lenient, out);
  }

  void keyword(const YamlEntry& entry, bool lenient, Keywords& out) {
    const std::string& name = entry.key.text;
    const YamlNode& value = entry.value;
    if (name == "generate_device")
      out.generate_device = reader_.device(value, name);
    else if (name == "prefill_device")
      out.prefill_device = reader_.device(value, name);
    else if (name == "out_device")
      out.out_device = reader_.device(value, name);
    else if (lenient)
      python_keyword(entry, out);
    else if (value.is_scalar())
      out.options.push_back({reader_.placed(entry.key), reader_.placed(value), value.quoted});
    else
      reader_.error(value, rules::kBadValue, "option '" + name + "' must be a single value, found " + value.kind_text());
  }

  void python_keyword(const YamlEntry& entry, Keywords& out) {
    const std::string& name = entry.key.text;
    if (!is_keyword(name))
      return reader_.warning(entry.key, rules::kUnknownName, "unknown keyword '" + name + "' is ignored",
                             did_you_mean(name, keyword_names()));
    if (name == "generate_op")
      out.generate_op = operator_keyword(entry);
    else if (name == "prefill_op")
      out.prefill_op = operator_keyword(entry);
    else if (name == "transfer_map")
      transfers(entry.value, out);
    else if (name == "backend")
      backend(entry, out);
    else if (name == "absorb_for_prefill")
      absorb(entry, out);
  }

  std::optional<PlacedText> operator_keyword(const YamlEntry& entry) {
    const YamlNode& value = entry.value;
    if (value.is_null()) return std::nullopt;
    if (value.is_scalar() && find_operator_name(value.text)) return reader_.placed(value);
    if (value.is_scalar() && value.text == "None") {
      reader_.warning(value, rules::kBadValue, "'" + entry.key.text + ": None' is the string 'None'; it is read as null",
                      "write null");
      return std::nullopt;
    }
    std::vector<std::string> known;
    for (const OperatorNameRow& row : operator_name_rows()) known.emplace_back(row.python);
    reader_.warning(value, rules::kUnknownName,
                    "no release has an operator " + value.value_text() + "; the best one on the device is used",
                    did_you_mean(value.text, known));
    return std::nullopt;
  }

  void transfers(const YamlNode& map, Keywords& out) {
    if (!map.is_map()) return reader_.error(map, rules::kBadValue, "'transfer_map' must be a map, found " + map.kind_text());
    for (const YamlEntry& entry : map.entries) {
      int64_t layer = 0, same = 0;
      constexpr int64_t kMost = 1 << 20;
      if (entry.key.text.find('-') != std::string::npos || !parse_range(entry.key.text, layer, same) || layer > kMost)
        reader_.error(entry.key, rules::kBadValue, "'transfer_map' must have layers as keys, found '" + entry.key.text + "'");
      else if (auto device = reader_.device(entry.value, "transfer_map"))
        out.transfers.emplace_back(static_cast<int>(layer), std::move(*device));
    }
  }

  void backend(const YamlEntry& entry, Keywords& out) {
    std::vector<std::string> known;
    for (const BackendRow& row : backend_rows()) {
      known.emplace_back(row.python);
      if (entry.value.text != row.python) continue;
      const Place place = reader_.place(entry.value);
      out.options.push_back({{std::string(row.option), place}, {std::string(row.value), place}, false});
      return;
    }
    std::string hint = did_you_mean(entry.value.text, known);
    if (hint.empty()) hint = "backends: " + join(known);
    reader_.warning(entry.value, rules::kUnknownName, "unknown backend " + entry.value.value_text() + " is ignored",
                    std::move(hint));
  }

  void absorb(const YamlEntry& entry, Keywords& out) {
    const auto value = reader_.boolean(entry.value, "absorb_for_prefill");
    const Place place = reader_.place(entry.value);
    if (value) out.options.push_back({{"absorb", place}, {*value ? "true" : "false", place}, false});
  }

  // A rule that names an operator of kt, or `default`.
  void keep(Rule out, const PlacedText& name, const Keywords& words) {
    out.replace.operators = {name};
    out.replace.options = words.options;
    out.replace.out_device = words.out_device;
    by_phase(std::move(out), words, {name}, {name});
  }

  void translate(Rule out, const PlacedText& name, const Keywords& words) {
    const OperatorClassRow* row = find_operator_class(name.text);
    const std::string last(last_component(name.text));
    if (!row) {
      YamlNode at;
      at.line = name.place.line;
      at.column = name.place.column;
      std::vector<std::string> known;
      for (const OperatorClassRow& candidate : operator_class_rows()) known.emplace_back(candidate.python);
      reader_.warning(at, rules::kUnknownName,
                      "no release has an operator class '" + last + "'; its nodes get the best operator on the device",
                      did_you_mean(last, known));
    }
    out.replace.out_device = words.out_device;
    if (row && out.match.classes.empty())
      for (std::string& node_class : split_words(row->classes)) out.match.classes.push_back({std::move(node_class), name.place});
    out.match.parent_name = row && row->name_of_parent;
    add_transfers(words);
    const std::string_view listed = row ? row->operators : std::string_view();
    const bool container = row && listed.empty();
    if (container && !row->inner.empty()) add_inner(out, *row, name, words);
    if (!container) out.replace.options = words.options;
    out.note = last + (container ? ": its body, on the device" : "");
    const auto named = [&](const std::optional<PlacedText>& op, const std::optional<PlacedText>& device) {
      if (container) return std::vector<PlacedText>{{"default", name.place}};
      const OperatorNameRow* found = op ? find_operator_name(op->text) : nullptr;
      return operators(found ? found->operators : listed, device, op ? op->place : name.place);
    };
    const auto& prefill_device = words.prefill_device ? words.prefill_device : words.generate_device;
    by_phase(std::move(out), words, named(words.generate_op, words.generate_device),
             words.prefill_op ? named(words.prefill_op, prefill_device) : named(words.generate_op, words.generate_device));
  }

  static std::vector<PlacedText> operators(std::string_view listed, const std::optional<PlacedText>& device, const Place& place) {
    DeviceName name;
    if (device) parse_device(device->text, name);
    std::vector<PlacedText> out;
    for (std::string& op : operators_on(listed, name.kind)) out.push_back({std::move(op), place});
    return out;
  }

  // Rules for nodes inside the matched module, whose name the expression is searched in.
  void add_inner(const Rule& outer, const OperatorClassRow& row, const PlacedText& name, const Keywords& words) {
    for (const std::string& part : split_words(row.inner)) {
      const size_t equals = part.find('=');
      Rule inner = outer;
      inner.match.within.clear();
      for (const PlacedText& node_class : outer.match.classes) inner.match.within.push_back(node_class.text);
      inner.match.classes = {{part.substr(0, equals), name.place}};
      inner.replace.options = words.options;
      inner.note = std::string(last_component(name.text)) + ": " + part.substr(0, equals) + " inside it";
      const auto& device = words.generate_device;
      const std::vector<PlacedText> ops = operators(std::string_view(part).substr(equals + 1), device, name.place);
      by_phase(std::move(inner), words, ops, ops);
    }
  }

  void add_transfers(const Keywords& words) {
    for (size_t i = 0; i < words.transfers.size(); ++i) {
      constexpr int kEnd = 1 << 20;
      int next = kEnd;
      for (const auto& [layer, device] : words.transfers)
        if (layer > words.transfers[i].first) next = std::min(next, layer);
      Placement out;
      out.file = reader_.file();
      out.place = out.match.place = words.transfers[i].second.place;
      out.match.layers = LayerSet{{{words.transfers[i].first, next - 1}}, false, {}};
      out.device = words.transfers[i].second;
      out.lenient = true;
      reader_.set().placement.push_back(std::move(out));
    }
  }

  // One rule if both phases do the same, else one for each. A module keeps its weights and its state on one device, so a prefill
  // device of its own counts only for a rule of kt; KTransformers used one only with a threshold that no released file sets.
  void by_phase(Rule out, const Keywords& words, const std::vector<PlacedText>& decode, const std::vector<PlacedText>& prefill) {
    const auto& generate_device = words.generate_device ? words.generate_device : words.prefill_device;
    const bool other_device =
        words.prefill_device && words.generate_device && words.prefill_device->text != words.generate_device->text;
    if (other_device && out.lenient)
      out.note += std::string(out.note.empty() ? "" : "; ") + "prefill on " + words.generate_device->text + " as well";
    const auto same_name = [](const PlacedText& a, const PlacedText& b) { return a.text == b.text; };
    const bool same = std::equal(decode.begin(), decode.end(), prefill.begin(), prefill.end(), same_name);
    out.replace.device = generate_device;
    out.replace.operators = decode;
    if (same ? (!other_device || out.lenient) : (other_device && out.lenient)) {
      reader_.set().rules.push_back(std::move(out));
      return;
    }
    Rule other = out;
    out.match.phase = KT_DECODE;
    other.match.phase = KT_PREFILL;
    other.replace.operators = prefill;
    if (other_device) other.replace.device = words.prefill_device;
    reader_.set().rules.push_back(std::move(out));
    reader_.set().rules.push_back(std::move(other));
  }

  FieldReader& reader_;
  int number_ = 0;
};

}  // namespace

void read_list_form(const YamlNode& document, FieldReader& reader) { ListReader(reader).read(document); }

}  // namespace kt::core
