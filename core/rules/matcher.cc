#include "core/rules/matcher.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/rules/cpu_budget.h"
#include "core/rules/suggest.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

constexpr double kNearSeconds = 0.1;  // for looking at what an expression comes near to

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c))) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::string_view kSuffix = "forcausallm";
  if (out.ends_with(kSuffix)) out.resize(out.size() - kSuffix.size());
  return out;
}

bool contains(const std::vector<PlacedText>& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(), [&](const PlacedText& w) { return w.text == word; });
}

// "model.layers.#.mlp": nodes that differ only in their layer look alike.
std::string shape_of(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const char kept = c >= '0' && c <= '9' ? '#' : c;
    if (kept != '#' || out.empty() || out.back() != '#') out += kept;
  }
  return out;
}

// The text of an expression without its signs, for comparing it with names.
std::string literal_text(const std::string& pattern) {
  std::string out;
  for (const char c : pattern)
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_') out += c;
  return out;
}

}  // namespace

bool same_architecture(std::string_view written, std::string_view architecture) { return plain(written) == plain(architecture); }

bool is_view(const Node& node) {
  return node.class_name == "SplitHeads" || node.class_name == "MergeHeads" || node.class_name == "Slice";
}

double parameter_count(const Node& node) {
  double out = 0;
  for (const WeightSpec& weight : node.weights) {
    double elements = 1;
    for (const int64_t dim : weight.shape) elements *= static_cast<double>(dim);
    out += elements;
  }
  return out;
}

std::string weight_type(const Node& node) {
  double most = -1;
  const format::DtypeInfo* type = nullptr;
  for (const WeightSpec& weight : node.weights) {
    double elements = 1;
    for (const int64_t dim : weight.shape) elements *= static_cast<double>(dim);
    if (elements <= most) continue;
    most = elements;
    type = format::dtype_info(weight.dtype);
  }
  return type ? std::string(type->name) : std::string();
}

Matcher::Matcher(const Graph& graph) : graph_(graph) {
  for (const Node* node : graph.nodes()) {
    if (is_view(*node)) continue;
    nodes_.push_back(node);
    ++class_counts_[node->class_name];
    layer_count_ = std::max(layer_count_, node->layer() + 1);
  }
}

bool Matcher::has_class(std::string_view name) const { return class_counts_.contains(std::string(name)); }

std::vector<std::string> Matcher::classes() const {
  std::vector<std::string> out;
  for (const auto& [name, count] : class_counts_) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

const Node* Matcher::anchor(const Match& match, const Node& node) const {
  if (match.within.empty()) return &node;
  for (const Node* at = node.parent; at; at = at->parent)
    if (std::find(match.within.begin(), match.within.end(), at->class_name) != match.within.end()) return at;
  return nullptr;
}

bool Matcher::name_holds(const Match& match, const Node& node) const {
  const Node* named = anchor(match, node);
  if (!named || !match.name) return named != nullptr;
  const std::string_view name = named->name;
  return match.name->search(match.parent_name ? name.substr(0, name.rfind('.')) : name);
}

bool Matcher::class_holds(const Match& match, const Node& node) const {
  return match.classes.empty() || contains(match.classes, node.class_name);
}

bool Matcher::holds(const Match& match, const Node& node) const {
  if (!class_holds(match, node)) return false;
  if (match.layers && !match.layers->contains(node.layer(), layer_count_)) return false;
  if (match.dtype && weight_type(node) != match.dtype->text) return false;
  if (match.params && !match.params->holds(parameter_count(node))) return false;
  if (!match.architectures.empty() &&
      std::none_of(match.architectures.begin(), match.architectures.end(),
                   [&](const PlacedText& a) { return same_architecture(a.text, graph_.architecture); }))
    return false;
  return name_holds(match, node);
}

std::vector<Matcher::Key> Matcher::keys(const Match& match, const Node& node) const {
  std::vector<Key> out;
  if (match.name) {
    const bool holds = name_holds(match, node);
    std::string found;
    if (!holds) {
      const size_t reached = match.name->progress(node.name);
      found = "'" + match.name->text() + "'";
      if (reached > 0) found += " stops after \"" + node.name.substr(0, reached) + "\"";
    }
    out.push_back({"name", holds, found});
  }
  if (!match.classes.empty()) out.push_back({"class", class_holds(match, node), node.class_name});
  if (match.layers) out.push_back({"layers", match.layers->contains(node.layer(), layer_count_), std::to_string(node.layer())});
  if (match.dtype) out.push_back({"dtype", weight_type(node) == match.dtype->text, weight_type(node)});
  if (match.params)
    out.push_back(
        {"params", match.params->holds(parameter_count(node)), std::to_string(static_cast<int64_t>(parameter_count(node)))});
  if (!match.architectures.empty()) {
    const bool holds = std::any_of(match.architectures.begin(), match.architectures.end(),
                                   [&](const PlacedText& a) { return same_architecture(a.text, graph_.architecture); });
    out.push_back({"arch", holds, graph_.architecture});
  }
  return out;
}

std::string Matcher::near_names(const Pattern& pattern) const {
  struct Candidate {
    const Node* node;
    size_t reached, distance;
  };
  std::vector<Candidate> candidates;
  std::set<std::string> shapes;
  const std::string literal = literal_text(pattern.text());
  const CpuBudget budget(kNearSeconds);
  for (const Node* node : nodes_)
    if (!budget.spent() && shapes.insert(shape_of(node->name)).second)
      candidates.push_back({node, pattern.progress(node->name), edit_distance(literal.substr(0, 256), node->name)});
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.reached != b.reached ? a.reached > b.reached : a.distance < b.distance;
  });
  if (candidates.empty()) return {};
  constexpr size_t kShown = 3;
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(kShown, candidates.size()); ++i) names.push_back(candidates[i].node->name);
  const size_t reached = candidates[0].reached;
  const std::string stop = reached > 0 ? "the expression stops matching after '" + names[0].substr(0, reached) + "'; " : "";
  return stop + "nearest nodes: " + join(names);
}

std::string Matcher::near_miss(const Match& match) const {
  std::vector<std::string> absent;
  for (const PlacedText& name : match.classes)
    if (!has_class(name.text)) absent.push_back(name.text);
  if (!match.classes.empty() && absent.size() == match.classes.size()) return "the model has no node of class " + join(absent);
  if (!match.name) return {};
  std::set<std::string> found;
  int count = 0;
  const CpuBudget budget(kNearSeconds);
  for (const Node* node : nodes_)
    if (!budget.spent() && name_holds(match, *node)) {
      ++count;
      found.insert(node->class_name);
    }
  if (count == 0) return near_names(*match.name);
  const std::vector<std::string> classes(found.begin(), found.end());
  return "the name alone matches " + std::to_string(count) + " nodes, of class " + join(classes) + "; another key rules them out";
}

}  // namespace kt::core
