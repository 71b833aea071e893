// One YAML document from untrusted bytes as a tree whose keys and values know their line and column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  std::string text;  // of a scalar
  bool quoted = false;
  int line = 0, column = 0;        // from 1; of the first character, an opening quote included
  std::vector<YamlNode> items;     // of a sequence
  std::vector<YamlEntry> entries;  // of a map, in order

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_map() const { return kind == Kind::kMap; }
  // A scalar that YAML reads as text: quoted, or plain and not a number or boolean.
  bool is_string() const;
  const YamlNode* find(std::string_view key) const;
  // "a map", "a list", "null", "a string"; a number or boolean as written.
  std::string kind_text() const;
  // The same, but a string as 'TEXT'.
  std::string value_text() const;
};

struct YamlEntry {
  YamlNode key;  // always a scalar
  YamlNode value;
};

struct YamlLimits {
  size_t bytes = 1 << 20;
  int depth = 64;
  size_t nodes = 10000;  // after aliases are expanded
};

// Errors are KT-E0201 with the place in `file`. Refused: more than one document, tags, merge keys, duplicate keys, NUL, tabs in
// indentation, anything but UTF-8.
Result<YamlNode> parse_yaml(std::string_view text, const std::string& file, const YamlLimits& limits = {});

}  // namespace kt::core
