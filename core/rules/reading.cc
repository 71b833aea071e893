#include "core/rules/reading.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include "core/rules/codes.h"
#include "core/rules/machine.h"
#include "core/rules/suggest.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

constexpr size_t kLongestName = 256;

bool in_operator_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

bool read_number(std::string_view text, int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0 && !text.empty();
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
}

}  // namespace

bool parse_range(const std::string& text, int64_t& first, int64_t& last) {
  const size_t dash = text.find('-');
  if (dash == std::string::npos) {
    const bool ok = read_number(trimmed(text), first);
    last = first;
    return ok;
  }
  return read_number(trimmed(text.substr(0, dash)), first) && read_number(trimmed(text.substr(dash + 1)), last) && first <= last;
}

std::string weight_type_hint() { return "types: F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K, ..."; }

void FieldReader::error(const YamlNode& at, int code, std::string message, std::string hint) {
  out_.errors.push_back(fail_at(place(at), code, std::move(message), std::move(hint)));
}

void FieldReader::warning(const YamlNode& at, int code, std::string message, std::string hint) {
  out_.warnings.push_back(fail_at(place(at), code, std::move(message), std::move(hint)));
}

bool FieldReader::check_keys(const YamlNode& map, const std::vector<std::string>& known, const std::string& where) {
  bool ok = true;
  for (const YamlEntry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key.text) != known.end()) continue;
    ok = false;
    std::string hint = did_you_mean(entry.key.text, known);
    if (hint.empty()) hint = "keys: " + join(known);
    error(entry.key, rules::kUnknownName, "unknown key '" + entry.key.text.substr(0, kLongestName) + "'" + where,
          std::move(hint));
  }
  return ok;
}

std::optional<PlacedText> FieldReader::text(const YamlNode& node, const std::string& label) {
  if (node.is_string()) return placed(node);
  error(node, rules::kBadValue, "'" + label + "' must be a string, found " + node.kind_text());
  return std::nullopt;
}

std::vector<PlacedText> FieldReader::texts(const YamlNode& node, const std::string& label) {
  std::vector<PlacedText> out;
  if (!node.is_sequence()) {
    if (auto one = text(node, label)) out.push_back(std::move(*one));
    return out;
  }
  if (node.items.empty()) error(node, rules::kBadValue, "'" + label + "' is an empty list");
  for (const YamlNode& item : node.items)
    if (auto one = text(item, label)) out.push_back(std::move(*one));
  return out;
}

std::optional<bool> FieldReader::boolean(const YamlNode& node, const std::string& label) {
  if (node.is_scalar() && !node.quoted) {
    for (const char* word : {"true", "True", "TRUE"})
      if (node.text == word) return true;
    for (const char* word : {"false", "False", "FALSE"})
      if (node.text == word) return false;
  }
  error(node, rules::kBadValue, "'" + label + "' must be true or false, found " + node.value_text());
  return std::nullopt;
}

std::optional<Pattern> FieldReader::pattern(const YamlNode& node, const std::string& label) {
  const auto written = text(node, label);
  if (!written) return std::nullopt;
  if (written->text.empty()) {
    error(node, rules::kBadValue, "'" + label + "' is empty and would match every node", "write '.*' if you mean that");
    return std::nullopt;
  }
  Result<Pattern> compiled = Pattern::compile(written->text);
  if (compiled.ok()) return std::move(*compiled);
  YamlNode inside = node;  // offsets in the message count from the first character of the expression
  inside.column += node.quoted;
  error(inside, compiled.error().code, compiled.error().message, compiled.error().hint);
  return std::nullopt;
}

std::optional<Condition> FieldReader::condition(const YamlNode& node) {
  const auto written = text(node, "when");
  if (!written) return std::nullopt;
  Result<Condition> parsed = Condition::parse(written->text);
  if (parsed.ok()) return std::move(*parsed);
  error(node, parsed.error().code, parsed.error().message, parsed.error().hint);
  return std::nullopt;
}

std::optional<PlacedText> FieldReader::device(const YamlNode& node, const std::string& label) {
  auto written = text(node, label);
  DeviceName name;
  if (!written) return std::nullopt;
  if (parse_device(written->text, name)) return written;
  error(node, rules::kDevice, "unknown device '" + written->text.substr(0, kLongestName) + "'", "devices: cpu, cuda:N, disk");
  return std::nullopt;
}

std::optional<PlacedText> FieldReader::operator_name(const YamlNode& node, const std::string& label) {
  auto written = text(node, label);
  if (!written) return std::nullopt;
  std::string name = written->text;
  if (name.size() > kLongestName) {
    error(node, rules::kBadValue,
          "operator name is " + std::to_string(name.size()) + " characters, limit " + std::to_string(kLongestName));
    return std::nullopt;
  }
  if (name.ends_with(".*")) name.resize(name.size() - 2);
  const auto wrong = std::find_if_not(name.begin(), name.end(), in_operator_name);
  if (wrong != name.end()) {
    error(node, rules::kBadValue, "operator name may contain only [A-Za-z0-9_.], found '" + std::string(1, *wrong) + "'");
    return std::nullopt;
  }
  if (name.empty()) {
    error(node, rules::kBadValue, "'" + label + "' is empty");
    return std::nullopt;
  }
  return written;
}

const std::vector<std::string>& FieldReader::match_key_names() {
  static const std::vector<std::string> names = {"name", "class", "layers", "phase", "dtype", "params", "arch"};
  return names;
}

void FieldReader::match_keys(const YamlNode& map, Match& out) {
  if (const YamlNode* value = map.find("class")) {
    out.classes = texts(*value, "match.class");
    out.place = place(*value);
  }
  if (const YamlNode* value = map.find("name")) match_name(*value, out);
  if (const YamlNode* value = map.find("layers")) out.layers = layers(*value);
  if (const YamlNode* value = map.find("phase")) out.phase = phase(*value);
  if (const YamlNode* value = map.find("dtype")) out.dtype = dtype(*value);
  if (const YamlNode* value = map.find("params")) out.params = parameters(*value);
  if (const YamlNode* value = map.find("arch")) out.architectures = texts(*value, "match.arch");
}

void FieldReader::match_name(const YamlNode& value, Match& out) {
  out.name = pattern(value, "match.name");
  out.place = place(value);
}

bool FieldReader::layer_item(const YamlNode& node, LayerSet& out) {
  if (node.is_scalar() && node.text == "last") return out.last = true;
  int64_t first = 0, last = 0;
  constexpr int64_t kMost = 1 << 20;
  if (!node.is_scalar() || !parse_range(node.text, first, last) || last > kMost) return false;
  out.ranges.emplace_back(static_cast<int>(first), static_cast<int>(last));
  return true;
}

std::optional<LayerSet> FieldReader::layers(const YamlNode& node) {
  LayerSet out;
  bool ok = true;
  if (node.is_sequence()) {
    ok = !node.items.empty();
    for (const YamlNode& item : node.items) {
      ok = ok && layer_item(item, out);
      out.text += (out.text.empty() ? "" : ", ") + item.text;
    }
  } else {
    ok = layer_item(node, out);
    out.text = node.text;
  }
  if (ok) return out;
  error(node, rules::kBadValue, "'layers' must be like 3-60, [0, 1, 2] or last, found " + node.value_text());
  return std::nullopt;
}

std::optional<int32_t> FieldReader::phase(const YamlNode& node) {
  if (node.is_scalar() && node.text == "prefill") return KT_PREFILL;
  if (node.is_scalar() && node.text == "decode") return KT_DECODE;
  if (node.is_scalar() && node.text == "train") return KT_TRAIN;
  error(node, rules::kBadValue, "'phase' must be prefill, decode or train, found " + node.value_text());
  return std::nullopt;
}

std::optional<PlacedText> FieldReader::dtype(const YamlNode& node) {
  auto written = text(node, "match.dtype");
  if (!written) return std::nullopt;
  std::string& name = written->text;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (format::dtype_by_name(name)) return written;
  error(node, rules::kUnknownName, "unknown weight type '" + node.text.substr(0, kLongestName) + "'", weight_type_hint());
  return std::nullopt;
}

std::optional<ParameterLimit> FieldReader::parameters(const YamlNode& node) {
  ParameterLimit out;
  out.text = node.text;
  for (const char* comparison : {">=", "<=", "==", ">", "<"}) {
    if (!node.is_scalar() || node.text.rfind(comparison, 0) != 0) continue;
    out.comparison = comparison;
    const std::string number = trimmed(node.text.substr(out.comparison.size()));
    char* end = nullptr;
    out.limit = std::strtod(number.c_str(), &end);
    if (!number.empty() && *end == '\0' && out.limit >= 0) return out;
    break;
  }
  error(node, rules::kBadValue, "'params' must be like '>= 1e6', found " + node.value_text());
  return std::nullopt;
}

std::optional<std::string> read_rule_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  constexpr size_t kBlock = 1 << 16;
  const YamlLimits limits;
  for (std::string block(kBlock, '\0'); in && text.size() <= limits.bytes;) {
    in.read(block.data(), static_cast<std::streamsize>(kBlock));
    text.append(block.data(), static_cast<size_t>(in.gcount()));
  }
  if (text.empty() && !in.eof()) return std::nullopt;
  return text;
}

}  // namespace kt::core
