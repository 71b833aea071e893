// The rule files of tests/golden/rules: texts, with what is said about each.
#pragma once

#include <fstream>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace kt::core::test {

struct FileCase {
  std::string name;
  std::string place;  // "LINE:COLUMN"
  std::string message;
  std::string hint;
  std::string file;
};

inline void PrintTo(const FileCase& c, std::ostream* out) { *out << c.name; }

// A text, or a list of texts and of {repeat, times}; characters up to U+00FF stand for bytes where `bytes` is set.
inline std::string file_text(const Json& parts, bool bytes) {
  std::string joined;
  if (parts.is_string()) joined = parts.get<std::string>();
  if (parts.is_array())
    for (const Json& part : parts) {
      const int times = part.is_string() ? 1 : part["times"].get<int>();
      const std::string unit = (part.is_string() ? part : part["repeat"]).get<std::string>();
      for (int i = 0; i < times; ++i) joined += unit;
    }
  if (!bytes) return joined;
  std::string out;
  for (size_t i = 0; i < joined.size(); ++i) {
    const auto c = static_cast<unsigned char>(joined[i]);
    if (c < 0x80) out += joined[i];
    if (c >= 0xC0) out += static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(joined[i + 1]) & 0x3F));
  }
  return out;
}

inline std::vector<FileCase> file_cases(const std::string& name) {
  std::ifstream in(std::string(KT_TEST_DATA) + "/rules/" + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const auto document = parse_json(text.str(), name);
  if (!document.ok()) throw std::runtime_error(document.error().text());
  std::vector<FileCase> out;
  for (const Json& c : *document)
    out.push_back(
        {c["name"], c.value("at", ""), c.value("error", ""), c.value("hint", ""), file_text(c["file"], c.value("bytes", false))});
  return out;
}

}  // namespace kt::core::test
