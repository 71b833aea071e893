#include "core/graph/text.h"

#include <charconv>
#include <cstring>
#include <sstream>

#include "core/base/json.h"
#include "core/graph/builder.h"

namespace kt::core {
namespace {

// Each line is a keyword followed by one JSON object, so that reading back needs no second grammar.
Json attribute_json(const Attribute& attribute) {
  return std::visit([](const auto& value) { return Json(value); }, attribute);
}

void print_node(const Graph& graph, const Node& node, int depth, std::string& out) {
  Json line = Json::object();
  line["class"] = node.class_name;
  line["in"] = node.inputs;
  line["out"] = node.outputs;
  for (const auto& [key, value] : node.attributes) line["attributes"][key] = attribute_json(value);
  for (const auto& spec : node.own_weights) line["weights"][spec.parameter] = spec.shape;
  if (node.state >= 0) line["state"] = node.state;
  std::string shapes;
  for (const KtValue value : node.outputs) shapes += " " + symbolic_shape_text(graph.value(value).shape);
  const std::string& prefix = node.parent->name;
  const std::string relative = prefix.empty() ? node.name : node.name.substr(prefix.size() + 1);
  out += std::string(static_cast<size_t>(depth) * 2, ' ') + (node.is_module ? "module " : "node ") + relative + " " + line.dump() + " #" + shapes + "\n";
  for (const auto& child : node.body) print_node(graph, *child, depth + 1, out);
}

class Reader {
 public:
  Reader(const ClassTable& classes, std::string file) : builder_(classes), file_(std::move(file)) {}

  Status line(std::string_view text, int number) {
    number_ = number;
    const size_t indent = text.find_first_not_of(' ');
    if (indent == std::string_view::npos) return {};
    const size_t depth = indent / 2;
    while (open_.size() > depth) KT_TRY(close());
    std::istringstream words{std::string(text.substr(indent))};
    std::string keyword, name, rest;
    words >> keyword >> name;
    std::getline(words, rest);
    if (const size_t comment = rest.rfind(" # "); comment != std::string::npos) rest.resize(comment);
    else if (const size_t end = rest.rfind(" #"); end != std::string::npos) rest.resize(end);
    const Json fields = KT_TRY(parse_json(rest, file_));
    if (keyword == "graph") return header(fields);
    if (keyword == "state") return state(name, fields);
    if (keyword == "input") return value(builder_.graph_input(name), fields.value("value", -1));
    if (keyword == "output") { outputs_.emplace_back(name, fields.value("value", -1)); return {}; }
    if (keyword == "node" || keyword == "module") return node(keyword == "module", name, fields);
    return bad("unknown keyword '" + keyword + "'");
  }

  Result<std::unique_ptr<Graph>> finish() {
    while (!open_.empty()) KT_TRY(close());
    for (const auto& [name, id] : outputs_) KT_TRY(builder_.graph_output(name, mapped(id)));
    auto graph = KT_TRY(builder_.finish());
    graph->architecture = architecture_;
    return graph;
  }

 private:
  Error bad(const std::string& what) const { return fail_at(Place{file_, number_, 1}, 614, "graph text: " + what); }

  KtValue mapped(KtValue id) const {
    const auto it = ids_.find(id);
    return it == ids_.end() ? -1 : it->second;
  }

  Status header(const Json& fields) { architecture_ = fields.value("architecture", ""); return {}; }

  Status state(const std::string& name, const Json& fields) {
    auto made = builder_.paged_state({name, fields.value("heads", int64_t{0}), fields.value("key_dim", int64_t{0}),
                                      fields.value("value_dim", int64_t{0}), fields.value("window", int64_t{0})});
    return made.status();
  }

  Status value(Result<KtValue> made, KtValue id) {
    if (!made.ok()) return made.status();
    ids_[id] = *made;
    return {};
  }

  Status node(bool module, const std::string& name, const Json& fields) {
    KT_TRY(builder_.begin(name, fields.value("class", "")));
    for (const Json& id : fields.value("in", Json::array())) KT_TRY(builder_.input(mapped(id.get<KtValue>())));
    const Json attributes = fields.value("attributes", Json::object());
    for (const auto& [key, value] : attributes.items()) KT_TRY(builder_.attribute(key, attribute(value)));
    const Json weights = fields.value("weights", Json::object());
    for (const auto& [key, shape] : weights.items()) KT_TRY(builder_.weight(key, shape.get<std::vector<int64_t>>()));
    if (fields.contains("state")) KT_TRY(builder_.state(fields["state"].get<KtState>()));
    const auto outs = fields.value("out", std::vector<KtValue>{});
    if (module) {
      open_.push_back(outs);
      return builder_.begin_body();
    }
    const auto made = KT_TRY(builder_.end());
    if (made.size() != outs.size()) return bad("node '" + name + "' has another number of outputs");
    for (size_t i = 0; i < outs.size(); ++i) ids_[outs[i]] = made[i];
    return {};
  }

  static Attribute attribute(const Json& value) {
    if (value.is_number_integer()) return value.get<int64_t>();
    if (value.is_number()) return value.get<double>();
    if (value.is_string()) return value.get<std::string>();
    return value.get<std::vector<float>>();
  }

  Status close() {
    std::vector<KtValue> outs;
    for (const KtValue id : open_.back()) outs.push_back(mapped(id));
    open_.pop_back();
    return builder_.end_body(outs);
  }

  GraphBuilder builder_;
  std::string file_;
  std::string architecture_;
  int number_ = 0;
  std::map<KtValue, KtValue> ids_;
  std::vector<std::vector<KtValue>> open_;
  std::vector<std::pair<std::string, KtValue>> outputs_;
};

}  // namespace

std::string symbolic_shape_text(const std::vector<int64_t>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ", ";
    out += shape[i] == KT_DIM_TOKENS ? "T" : shape[i] == KT_DIM_OUTPUTS ? "O" : std::to_string(shape[i]);
  }
  return out + "]";
}

std::string print_graph(const Graph& graph) {
  std::string out = "graph kt " + Json{{"architecture", graph.architecture}}.dump() + " #\n";
  for (const auto& [name, value] : graph.inputs)
    out += "input " + name + " " + Json{{"value", value}}.dump() + " # " + symbolic_shape_text(graph.value(value).shape) + "\n";
  for (const StateSpec& state : graph.states)
    out += "state " + state.name + " " +
           Json{{"heads", state.heads}, {"key_dim", state.key_dim}, {"value_dim", state.value_dim}, {"window", state.window}}.dump() + " #\n";
  for (const auto& node : graph.root->body) print_node(graph, *node, 0, out);
  for (const auto& [name, value] : graph.outputs)
    out += "output " + name + " " + Json{{"value", value}}.dump() + " # " + symbolic_shape_text(graph.value(value).shape) + "\n";
  return out;
}

Result<std::unique_ptr<Graph>> parse_graph(std::string_view text, const ClassTable& classes, const std::string& file) {
  Reader reader(classes, file);
  int number = 0;
  try {
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      KT_TRY(reader.line(text.substr(0, end), ++number));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reader.finish();
  } catch (const std::exception& error) {
    return fail_at(Place{file, number, 1}, 614, std::string("graph text: ") + error.what());
  }
}

}  // namespace kt::core
