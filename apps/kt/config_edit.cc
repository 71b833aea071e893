// Changing one key of a configuration file, every other byte unchanged.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "apps/kt/config_file.h"

namespace kt::app {
namespace {

// The value as YAML: plain where it reads as itself, else in single quotes.
std::string yaml_scalar(const std::string& text) {
  auto plain = core::parse_yaml("k: " + text + "\n", "");
  const core::YamlNode* value = plain.ok() && plain->is_map() ? plain->find("k") : nullptr;
  if (value && value->is_scalar() && !value->quoted && value->text == text) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string yaml_value(const std::vector<std::string>& values, bool is_list) {
  if (!is_list) return yaml_scalar(values.front());
  std::string out = "[";
  for (const std::string& value : values) {
    const bool needs_quotes = value.find_first_of(",[]{}") != std::string::npos;
    const std::string plain = yaml_scalar(value);
    out += (out.size() > 1 ? ", " : "") + (needs_quotes && plain[0] != '\'' ? "'" + plain + "'" : plain);
  }
  return out + "]";
}

// Byte offset of a line, counted from 1; the end of the text if it has fewer.
size_t offset_of_line(const std::string& text, int line) {
  size_t at = 0;
  for (; line > 1 && at != std::string::npos && at < text.size(); --line) {
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  return std::min(at, text.size());
}

// Where the value that begins at `begin` ends: before a comment and the spaces in front of it.
size_t end_of_value(const std::string& text, size_t begin) {
  const size_t line_end = std::min(text.find('\n', begin), text.size());
  char quote = 0;
  size_t at = begin;
  for (; at < line_end; ++at) {
    if (quote ? text[at] == quote : (text[at] == '\'' || text[at] == '"')) quote = quote ? 0 : text[at];
    if (!quote && text[at] == '#' && at > begin && (text[at - 1] == ' ' || text[at - 1] == '\t')) break;
  }
  while (at > begin && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\r')) --at;
  return at;
}

const core::YamlEntry* entry_of(const core::YamlNode& map, const std::string& key) {
  for (const core::YamlEntry& entry : map.entries)
    if (entry.key.text == key) return &entry;
  return nullptr;
}

// Does the text say what was wanted?
bool reads_as(const std::string& text, const std::string& path, const std::vector<std::string>& key,
              const std::vector<std::string>& values) {
  auto root = core::parse_yaml(text, path);
  const core::YamlNode* at = root.ok() ? &*root : nullptr;
  for (const std::string& word : key) at = at && at->is_map() ? at->find(word) : nullptr;
  if (!at || at->is_map()) return false;
  const ConfigFile file{"user", path, true, {}};
  auto texts = config_texts({at, &file}, key.back());
  return texts.ok() && *texts == values;
}

// `text` with the changes; may be wrong for unusual files, which reads_as() finds.
std::string edited(const std::string& text, const core::YamlNode& root, const std::vector<std::string>& key,
                   const std::string& value) {
  const core::YamlNode* map = &root;
  const core::YamlEntry* last = nullptr;
  size_t depth = 0;
  for (; depth < key.size() && map->is_map(); ++depth) {
    const core::YamlEntry* entry = entry_of(*map, key[depth]);
    if (!entry) break;
    last = entry;
    map = &entry->value;
  }
  std::string out = text;
  if (depth == key.size()) {
    const size_t line = offset_of_line(text, last->key.line);
    const size_t colon = text.find(':', line + static_cast<size_t>(last->key.column) - 1 + last->key.text.size());
    if (colon == std::string::npos) return text;
    const size_t begin = std::min(text.find_first_not_of(" \t", colon + 1), text.size());
    const bool is_empty = begin == text.size() || text[begin] == '\n' || text[begin] == '\r' || text[begin] == '#';
    if (is_empty) return out.insert(colon + 1, " " + value);
    return out.replace(begin, end_of_value(text, begin) - begin, value);
  }
  std::string lines;
  size_t indent = last ? static_cast<size_t>(last->key.column) + 1 : 0;
  if (last && map->is_map() && !map->entries.empty()) indent = static_cast<size_t>(map->entries.front().key.column) - 1;
  for (; depth + 1 < key.size(); ++depth, indent += 2) lines += std::string(indent, ' ') + key[depth] + ":\n";
  lines += std::string(indent, ' ') + key[depth] + ": " + value + "\n";
  if (last) return out.insert(offset_of_line(text, last->key.line + 1), lines);
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out + lines;
}

core::Error cannot_write(const std::string& path) {
  return core::fail(304, "cannot write '" + path + "': " + std::strerror(errno), "may you write there, and is the disk full?");
}

}  // namespace

core::Result<std::string> edit_config(const std::string& text, const std::string& path, const std::vector<std::string>& key,
                                      const std::vector<std::string>& values, bool is_list) {
  for (const std::string& value : values)
    if (value.find_first_of(std::string("\n\r\0", 3)) != std::string::npos)
      return core::fail(303, "a value of a configuration is one line of text", "write it without line breaks");
  const core::YamlNode root = KT_TRY(core::parse_yaml(text, path));
  const std::string out = edited(text, root, key, yaml_value(values, is_list));
  if (reads_as(out, path, key, values)) return out;
  const core::YamlEntry* entry = root.is_map() ? entry_of(root, key.front()) : nullptr;
  return core::fail_at({path, entry ? entry->key.line : 1, entry ? entry->key.column : 1}, 304,
                       "'" + key.front() + "' stands in a form that kt does not edit", "change it with an editor");
}

core::Status replace_file(const std::string& path, const std::string& text) {
  std::error_code error;
  std::string target = path;
  if (std::filesystem::is_symlink(path, error)) target = std::filesystem::weakly_canonical(path, error).string();
  std::filesystem::create_directories(std::filesystem::path(target).parent_path(), error);
  std::string temporary = target + ".XXXXXX";
  const int file = mkstemp(temporary.data());
  if (file < 0) return cannot_write(target);
  const auto permissions = std::filesystem::status(target, error).permissions();
  size_t done = 0;
  for (ssize_t n = 0; done < text.size() && (n = write(file, text.data() + done, text.size() - done)) > 0;)
    done += static_cast<size_t>(n);
  bool ok = done == text.size() && fsync(file) == 0;
  ok = close(file) == 0 && ok;
  if (ok && permissions != std::filesystem::perms::unknown && !error) std::filesystem::permissions(temporary, permissions, error);
  if (ok && std::rename(temporary.c_str(), target.c_str()) == 0) return {};
  const core::Error failed = cannot_write(target);
  unlink(temporary.c_str());
  return failed;
}

}  // namespace kt::app
