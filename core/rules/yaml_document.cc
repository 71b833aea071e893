#include "core/rules/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "core/rules/codes.h"
#include "core/rules/yaml_scan.h"

namespace kt::core {
namespace {

struct Problem {
  Error error;
};

// Collects the parser's events into a tree; throws Problem, which parse_yaml() catches.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const YamlLimits& limits) : text_(text), limits_(limits) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode out = node(YamlNode::Kind::kNull, mark);
    const size_t at = mark.pos >= 0 ? static_cast<size_t>(mark.pos) : text_.size();
    if (stack_.empty() && text_.find_first_not_of(" \r\n\t!") == std::string_view::npos &&
        text_.find('!') != std::string_view::npos) {
      out.kind = YamlNode::Kind::kScalar;  // "!" alone is an empty string
      out.quoted = true;
    } else if (!stack_.empty() && stack_.back().tree.is_sequence()) {
      move_to_dash(out, at, stack_.back().tree.column);
    }
    add(std::move(out), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    YamlNode out = node(YamlNode::Kind::kScalar, mark);
    out.text = value;
    out.quoted = tag == "!";
    if (!out.quoted && (value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL"))
      out.kind = YamlNode::Kind::kNull;
    add(std::move(out), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    const YamlNode here = node(YamlNode::Kind::kNull, mark);
    if (found == anchors_.end()) refuse(here, "alias '" + word(here) + "' refers to a node that contains it");
    count_ += found->second.size;
    if (count_ > limits_.nodes) refuse_size(here);
    YamlNode copy = found->second.tree;
    copy.line = here.line;
    copy.column = here.column;
    add(std::move(copy), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(node(YamlNode::Kind::kSequence, mark), anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(node(YamlNode::Kind::kMap, mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode tree;
    YAML::anchor_t anchor;
    size_t first_count;
    bool has_key = false;
    YamlNode key;
  };
  struct Anchored {
    YamlNode tree;
    size_t size;
  };

  YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode out;
    out.kind = kind;
    out.line = mark.line + 1;
    out.column = mark.column + 1;
    if (++count_ > limits_.nodes) refuse_size(out);
    return out;
  }

  [[noreturn]] void refuse(const YamlNode& at, std::string message, std::string hint = {}) const {
    throw Problem{fail_at({"", at.line, at.column}, rules::kSyntax, std::move(message), std::move(hint))};
  }
  [[noreturn]] void refuse_size(const YamlNode& at) const {
    refuse(at, "more than " + std::to_string(limits_.nodes) + " nodes after alias expansion",
           "limit protects the loader; rules seldom need aliases");
  }

  // The word of the source at a node's place.
  std::string word(const YamlNode& at) const {
    size_t begin = 0;
    for (int line = 1; line < at.line; ++line) begin = text_.find('\n', begin) + 1;
    begin += static_cast<size_t>(at.column - 1);
    const size_t end = text_.find_first_of(" \t\r\n,]}", begin);
    return std::string(text_.substr(begin, std::min<size_t>(end - begin, 64)));
  }

  // The parser reports an empty item where the next token stands; it belongs to the last '-' in the column of the list.
  void move_to_dash(YamlNode& item, size_t at, int column) const {
    const auto before = static_cast<size_t>(column - 1);
    for (size_t end = std::min(at, text_.size()); end > 0;) {
      const size_t begin = text_.rfind('\n', end - 1) == std::string_view::npos ? 0 : text_.rfind('\n', end - 1) + 1;
      const std::string_view line = text_.substr(begin, end - begin);
      if (line.size() > before && line[before] == '-') {
        item.line = 1 + static_cast<int>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
        item.column = column;
        return;
      }
      if (begin == 0) return;
      end = begin - 1;
    }
  }

  void open(YamlNode tree, YAML::anchor_t anchor) {
    if (stack_.size() >= static_cast<size_t>(limits_.depth))
      throw Problem{fail_at({"", 1, 1}, rules::kSyntax, "nesting deeper than " + std::to_string(limits_.depth))};
    stack_.push_back({std::move(tree), anchor, count_, false, {}});
  }

  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    add_sized(std::move(done.tree), done.anchor, count_ - done.first_count + 1);
  }

  void add(YamlNode tree, YAML::anchor_t anchor) { add_sized(std::move(tree), anchor, 1); }

  void add_sized(YamlNode tree, YAML::anchor_t anchor, size_t size) {
    if (anchor) anchors_[anchor] = {tree, size};
    if (stack_.empty()) {
      root_ = std::move(tree);
      return;
    }
    Open& parent = stack_.back();
    if (parent.tree.is_sequence()) {
      parent.tree.items.push_back(std::move(tree));
    } else if (!parent.has_key) {
      check_key(parent, tree);
      parent.key = std::move(tree);
      parent.has_key = true;
    } else {
      // The parser reports a value that is not there where the next token stands.
      if (tree.is_null() && tree.line > parent.key.line) {
        tree.line = parent.key.line;
        tree.column = parent.key.column;
      }
      parent.tree.entries.push_back({std::move(parent.key), std::move(tree)});
      parent.has_key = false;
    }
  }

  void check_key(const Open& parent, const YamlNode& key) const {
    if (!key.is_scalar()) refuse(key, "a key must be a string, found " + key.kind_text());
    if (key.text == "<<" && !key.quoted) refuse(key, "merge key '<<' is not supported");
    for (const YamlEntry& entry : parent.tree.entries)
      if (entry.key.text == key.text)
        refuse(key, "duplicate key '" + key.text + "' (first at line " + std::to_string(entry.key.line) + ")");
  }

  std::string_view text_;
  const YamlLimits& limits_;
  size_t count_ = 0;
  YamlNode root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
};

Error from_exception(const YAML::Exception& problem, std::string_view text) {
  const Place place{"", std::max(problem.mark.line, 0) + 1, std::max(problem.mark.column, 0) + 1};
  const size_t at = problem.mark.pos >= 0 ? static_cast<size_t>(problem.mark.pos) : text.size();
  if (at < text.size() && text[at] == '*') {
    const size_t end = std::min(text.find_first_of(" \t\r\n,]}", at), text.size());
    return fail_at(place, rules::kSyntax, "alias '" + std::string(text.substr(at, end - at)) + "' is not defined");
  }
  return fail_at(place, rules::kSyntax, "invalid YAML");
}

// An input stream over borrowed bytes would need a buffer class; a copy of at most 1 MiB is simpler.
Result<YamlNode> build(std::string_view text, const YamlLimits& limits) {
  TreeBuilder builder(text, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return YamlNode{};
    return builder.take();
  } catch (const Problem& problem) {
    return problem.error;
  } catch (const YAML::Exception& problem) {
    return from_exception(problem, text);
  }
}

}  // namespace

bool YamlNode::is_string() const {
  if (!is_scalar()) return false;
  if (quoted) return true;
  for (std::string_view word : {"true", "false", "True", "False", "TRUE", "FALSE"})
    if (text == word) return false;
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  const bool digit = text.find_first_of("0123456789") != std::string::npos;
  return !(digit && end == text.c_str() + text.size());
}

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries)
    if (entry.key.text == key) return &entry.value;
  return nullptr;
}

std::string YamlNode::kind_text() const {
  if (is_map()) return "a map";
  if (is_sequence()) return "a list";
  if (is_null()) return "null";
  return is_string() ? "a string" : text;
}

std::string YamlNode::value_text() const {
  if (!is_string()) return kind_text();
  constexpr size_t kShown = 80;
  return "'" + (text.size() > kShown ? text.substr(0, kShown) + "..." : text) + "'";
}

Result<YamlNode> parse_yaml(std::string_view text, const std::string& file, const YamlLimits& limits) {
  const auto placed = [&](Error error) {
    error.place.file = file;
    return error;
  };
  if (Status status = scan_yaml_bytes(text, limits); !status.ok()) return placed(status.error());
  if (Status status = scan_yaml_structure(text, limits); !status.ok()) return placed(status.error());
  Result<YamlNode> out = build(text, limits);
  if (!out.ok()) return placed(out.error());
  return out;
}

}  // namespace kt::core
