#include "apps/kt/source_line.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "core/base/printable.h"

namespace kt::app {
namespace {

constexpr size_t kWidth = 88;  // of the text; number and bar take the rest of 100 columns
constexpr size_t kLongestFile = 1 << 20;

std::string line_of(const std::string& path, int number) {
  std::ifstream in(path, std::ios::binary);
  std::string line;
  size_t read = 0;
  for (int at = 0; at < number; ++at) {
    if (!std::getline(in, line) || (read += line.size()) > kLongestFile) return {};
  }
  while (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> out;
  for (const char c : text) {
    const bool inside = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (inside && !out.empty())
      out.back() += c;
    else
      out.emplace_back(1, c == '\t' ? ' ' : c);
  }
  for (std::string& c : out)
    if (core::printable(c) != c || c == "\n") c = "?";
  return out;
}

// The end of the YAML value that begins at `begin`.
size_t value_end(const std::vector<std::string>& line, size_t begin) {
  const std::string& first = line[begin];
  size_t end = begin + 1;
  if (first == "'" || first == "\"") {
    while (end < line.size() && line[end] != first) end += first == "\"" && line[end] == "\\" ? 2 : 1;
    return std::min(end + 1, line.size());
  }
  const auto ends = [&](size_t at) {
    return line[at] == "," || line[at] == "}" || line[at] == "]" || line[at] == ":" || line[at] == " ";
  };
  while (end < line.size() && !ends(end)) ++end;
  return end;
}

std::string joined(const std::vector<std::string>& characters, size_t begin, size_t end) {
  std::string out;
  for (size_t i = begin; i < end; ++i) out += characters[i];
  return out;
}

}  // namespace

std::string source_line(const core::Place& place, const Mark& mark, bool utf8) {
  if (place.file.empty() || place.line < 1 || place.column < 1) return {};
  const std::vector<std::string> line = characters(line_of(place.file, place.line));
  const size_t begin = static_cast<size_t>(place.column) - 1;
  if (begin >= line.size()) return {};
  const size_t stop = std::min(begin + mark.stop, line.size() - 1);
  size_t end = std::max(value_end(line, begin), stop + 1);
  size_t first = 0;
  if (end > kWidth) first = std::min(begin, end - kWidth / 2);
  const size_t last = std::min(line.size(), first + kWidth);
  end = std::min(end, last);
  const std::string bar = utf8 ? " │ " : " | ", number = std::to_string(place.line);
  std::string out(number.size() < 5 ? 5 - number.size() : 0, ' ');
  out += number + bar + joined(line, first, last) + "\n" + std::string(std::max<size_t>(5, number.size()), ' ') + bar;
  out += std::string(begin - first, ' ');
  if (stop < end) out += std::string(stop - begin, '~') + std::string(end - stop, '^');
  return out + "\n";
}

}  // namespace kt::app
