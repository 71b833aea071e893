#include "core/rules/yaml_scan.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/rules/codes.h"

namespace kt::core {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_break(char c) { return c == '\n' || c == '\r' || c == '\0'; }
bool is_space(char c) { return is_blank(c) || is_break(c); }
bool is_flow(char c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

// An open block sequence or map.
struct Level {
  int column;
  bool map;
  std::string key;  // first key of a map
};

struct OpenFlow {
  char bracket;
  Place place;
};

// Walks through the text once, as a YAML scanner would, keeping the start of everything that is open.
class Scanner {
 public:
  Scanner(std::string_view text, const YamlLimits& limits) : text_(text), limits_(limits) {}

  Status scan() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = line_start_ = 3;
    while (at_ < text_.size() && !error_) flow_.empty() ? block_line() : flow_piece();
    if (!error_ && !flow_.empty())
      set(flow_.back().place, std::string("'") + flow_.back().bracket + "' starting here is not closed");
    if (error_ && tag_ && error_->message.find("nesting") == std::string::npos) return *tag_;
    if (error_) return *error_;
    return tag_ ? Status(*tag_) : Status();
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Place here() const { return place_of(at_); }
  Place place_of(size_t at) const {
    int column = 1;
    for (size_t i = line_start_; i < at; ++i) column += (static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80;
    return {"", line_, column};
  }
  void set(const Place& place, std::string message, std::string hint = {}) {
    if (!error_) error_ = fail_at(place, rules::kSyntax, std::move(message), std::move(hint));
  }
  void advance() {
    if (text_[at_++] != '\n') return;
    ++line_;
    line_start_ = at_;
  }
  void skip_blanks() {
    while (is_blank(peek())) ++at_;
  }
  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    if (at_ < text_.size()) advance();
  }
  void check_depth() {
    if (levels_.size() + flow_.size() > static_cast<size_t>(limits_.depth))
      set({"", 1, 1}, "nesting deeper than " + std::to_string(limits_.depth));
  }

  // One line outside of braces and brackets, from its start.
  void block_line() {
    const size_t begin = at_;
    skip_blanks();
    if (is_break(peek()) || peek() == '#') return skip_line();
    if (const size_t tab = text_.substr(begin, at_ - begin).find('\t'); tab != std::string_view::npos)
      return set(place_of(begin + tab), "tab character in indentation", "YAML allows only spaces");
    if (at_ == begin && document_marker()) return;
    if (at_ == begin && peek() == '%') return skip_line();
    if (ended_) return set(here(), "only one YAML document is allowed", "merge the lists or pass two --rules files");
    content_ = true;
    const int column = here().column;
    if (text_open_ && column > text_open_column_) return continued_text();
    text_open_ = false;
    after_filled_ = filled_;
    filled_ = false;
    block_items();
  }

  // A line that goes on with the plain text of the line before.
  void continued_text() {
    const std::optional<std::string> key = key_here();
    if (key && !levels_.empty() && levels_.back().map) return set_misaligned(*key, here(), levels_.back());
    skip_line();
  }

  bool document_marker() {
    const std::string_view three = text_.substr(at_, 3);
    if ((three != "---" && three != "...") || !is_space(peek(3))) return false;
    if (three == "...") {
      ended_ = true;
      skip_line();
      return true;
    }
    if (content_ || ended_) set(here(), "only one YAML document is allowed", "merge the lists or pass two --rules files");
    content_ = true;
    at_ += 3;
    skip_blanks();
    if (is_break(peek()) || peek() == '#') {
      skip_line();
      content_ = false;
    }
    return true;
  }

  // "- ", "key:" and the value at the end of a line.
  void block_items() {
    while (!error_) {
      skip_properties();
      const Place place = here();
      if (peek() == '-' && is_space(peek(1))) {
        enter(place, false, "");
        ++at_;
      } else if (const std::optional<std::string> key = key_here()) {
        if (const size_t brace = key->find_first_of("{["); brace != std::string::npos && brace > 0 && is_blank((*key)[brace - 1]))
          return set(place, "expected ':' after '" + word_here() + "'");
        enter(place, true, *key);
        at_ = key_end_;
        skip_blanks();
        return block_value();
      } else {
        return lone_text(place);
      }
      skip_blanks();
      if (is_break(peek()) || peek() == '#') return skip_line();
    }
  }

  // A line, or what follows "- ", that is neither an item nor a key.
  void lone_text(const Place& place) {
    if (peek() == ':' && is_space(peek(1))) return set(place, "unexpected ':'");
    if (peek() == ',') return set(place, "unexpected ','");
    if (levels_.empty() || levels_.back().column < place.column) return block_value();
    while (levels_.size() > 1 && levels_.back().column > place.column) levels_.pop_back();
    const bool quoted = peek() == '"' || peek() == '\'';
    if (levels_.back().map && levels_.back().column == place.column && !quoted && !is_flow(peek()))
      return set(place, "expected ':' after '" + word_here() + "'");
    set(place, "plain text continues at a lower indent", "quote the value");
  }

  std::string word_here() const {
    size_t end = at_;
    while (end < text_.size() && !is_space(text_[end])) ++end;
    return std::string(text_.substr(at_, std::min<size_t>(end - at_, 64)));
  }

  // The value of a key or item on its line, and the text it opens.
  void block_value() {
    skip_properties();
    const char c = peek();
    if (is_break(c) || c == '#') return skip_line();
    if (c == '|' || c == '>') return block_text();
    if (c == '"' || c == '\'') {
      quoted();
      return after_value();
    }
    if (c == '[' || c == '{') return open_flow();
    text_open_ = c != '*';
    text_open_column_ = levels_.empty() ? 0 : levels_.back().column;
    skip_line();
  }

  void after_value() {
    filled_ = true;
    skip_blanks();
    if (error_ || is_break(peek()) || peek() == '#' || peek() == ':') return skip_line();
    set(here(), "unexpected text after the value");
  }

  // "|" or ">": lines deeper than the enclosing level belong to it.
  void block_text() {
    const int column = levels_.empty() ? 0 : levels_.back().column;
    skip_line();
    while (at_ < text_.size()) {
      size_t first = at_;
      while (first < text_.size() && text_[first] == ' ') ++first;
      const bool empty = first >= text_.size() || is_break(text_[first]);
      if (!empty && static_cast<int>(first - at_) + 1 <= column) return;
      skip_line();
    }
  }

  // Leaves levels that this column closes and opens one for it.
  void enter(const Place& place, bool map, const std::string& key) {
    std::optional<Level> closed;
    while (!levels_.empty() && levels_.back().column > place.column) {
      closed = levels_.back();
      levels_.pop_back();
    }
    const bool same = !levels_.empty() && levels_.back().column == place.column;
    if (same && levels_.back().map == map) return;
    if (same && map) {  // the list stood at the column of the map that holds it
      levels_.pop_back();
      if (!levels_.empty() && levels_.back().column == place.column && levels_.back().map) return;
      if (closed && closed->map) return set_misaligned(key, place, *closed);
      return set(place, "'" + key + "' stands at the column of '-'", "indent it by two");
    }
    if (!same && closed) return set_misaligned(key, place, *closed);
    if (after_filled_ && !levels_.empty() && levels_.back().map) return set_misaligned(key, place, levels_.back());
    after_filled_ = false;
    levels_.push_back({place.column, map, key});
    check_depth();
  }

  void set_misaligned(const std::string& key, const Place& place, const Level& level) {
    const std::string what = key.empty() ? "-" : key, other = level.map ? level.key : "-";
    set(place, "'" + what + "' is not at the column of '" + other + "' (" + std::to_string(level.column) + ")",
        level.map && !key.empty() ? "align the two keys" : "align the two");
  }

  // The key that starts here if a ':' follows on this line; key_end_ is behind the ':'.
  std::optional<std::string> key_here() {
    size_t end = at_;
    const char quote = peek();
    if (quote == '"' || quote == '\'') {
      for (++end; end < text_.size() && text_[end] != quote && text_[end] != '\n'; ++end)
        if (quote == '"' && text_[end] == '\\') ++end;
      if (end >= text_.size() || text_[end] != quote) return std::nullopt;
      ++end;
      while (end < text_.size() && is_blank(text_[end])) ++end;
      if (end >= text_.size() || text_[end] != ':') return std::nullopt;
    } else {
      if (is_flow(quote)) return std::nullopt;
      const auto ends_key = [&](size_t i) { return text_[i] == ':' && (i + 1 >= text_.size() || is_space(text_[i + 1])); };
      while (end < text_.size() && !is_break(text_[end]) && !ends_key(end) &&
             !(text_[end] == '#' && end > at_ && is_blank(text_[end - 1])))
        ++end;
      if (end >= text_.size() || text_[end] != ':' || end == at_) return std::nullopt;
    }
    key_end_ = end + 1;
    std::string_view key = text_.substr(at_, end - at_);
    while (!key.empty() && is_blank(key.back())) key.remove_suffix(1);
    return std::string(key);
  }

  // Tags and anchors before a node.
  void skip_properties() {
    for (int count = 0; peek() == '!' || (peek() == '&' && !is_space(peek(1))); skip_blanks()) {
      const size_t begin = at_;
      const Place place = here();
      while (!is_space(peek()) && !(is_flow(peek()) && !flow_.empty())) ++at_;
      const std::string word(text_.substr(begin, std::min<size_t>(at_ - begin, 128)));
      if (word[0] == '!' && word != "!" && !tag_)
        tag_ = fail_at(place, rules::kSyntax, "tag '" + word + "' is not allowed", "remove the tag");
      if (++count > limits_.depth) set({"", 1, 1}, "nesting deeper than " + std::to_string(limits_.depth));
    }
  }

  void open_flow() {
    flow_.push_back({peek(), here()});
    check_depth();
    ++at_;
  }

  // One token inside braces or brackets.
  void flow_piece() {
    const char c = peek();
    if (is_space(c) || c == ',') return advance();
    if (c == '#') return skip_line();
    if (c == '[' || c == '{') return open_flow();
    if (c == ']' || c == '}') return close_flow();
    if (c == '"' || c == '\'') return quoted();
    if (c == '!' || c == '&') {
      const size_t begin = at_;
      skip_properties();
      if (at_ > begin) return;
    }
    if (c == ':') return advance();
    flow_text();
  }

  void flow_text() {
    const auto ends = [&] {
      if (peek() == ':') return is_space(peek(1)) || is_flow(peek(1));
      return is_break(peek()) || is_flow(peek()) || (peek() == '#' && is_blank(text_[at_ - 1]));
    };
    do ++at_;
    while (at_ < text_.size() && !ends());
  }

  void close_flow() {
    const char opening = peek() == ']' ? '[' : '{';
    if (flow_.back().bracket != opening)
      return set(flow_.back().place, std::string("'") + flow_.back().bracket + "' starting here is not closed");
    flow_.pop_back();
    ++at_;
    if (!flow_.empty()) return;
    skip_blanks();
    if (peek() == ':') return skip_line();  // a flow collection as a key; the reader refuses it
    after_value();
  }

  // A quoted string, over several lines if need be.
  void quoted() {
    const char quote = peek();
    const size_t begin = at_;
    const Place start = here();
    for (++at_; at_ < text_.size(); advance()) {
      if (quote == '"' && peek() == '\\') {
        check_escape(begin);
        ++at_;
        if (at_ >= text_.size()) break;
        continue;
      }
      if (peek() != quote) continue;
      if (quote == '\'' && peek(1) == '\'') {
        ++at_;
        continue;
      }
      ++at_;
      if (start.line != line_ && !long_quote_) long_quote_ = start;
      return;
    }
    // Of several strings that may lack their end, the first that ran over a line break is the likely one.
    set(long_quote_ ? *long_quote_ : start,
        std::string("string starting here has no closing '") + (long_quote_ ? text_at(*long_quote_) : quote) + "'");
  }

  char text_at(const Place& place) const {
    size_t at = 0;
    for (int line = 1; line < place.line; ++line) at = text_.find('\n', at) + 1;
    for (int column = 1; column < place.column; ++column)
      for (++at; at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80;) ++at;
    return at < text_.size() ? text_[at] : '"';
  }

  void check_escape(size_t begin) {
    const char c = peek(1);
    if (std::string_view("0abtnvfre \"/\\N_LPxuU\t\n\r").find(c) != std::string_view::npos && c != '\0') return;
    size_t end = text_.find('"', at_ + 2);
    if (end == std::string_view::npos) end = text_.size();
    const std::string escape = std::string("\\") + c;
    const std::string content(text_.substr(begin + 1, std::min<size_t>(end - begin - 1, 200)));
    set(here(), "unknown escape '" + escape + "' in a double-quoted string",
        "write '\\" + escape + "' or use single quotes: '" + content + "'");
  }

  std::string_view text_;
  const YamlLimits& limits_;
  size_t at_ = 0, line_start_ = 0, key_end_ = 0;
  int line_ = 1;
  bool content_ = false, ended_ = false;
  bool text_open_ = false;  // the last line ended in plain text that deeper lines continue
  int text_open_column_ = 0;
  bool filled_ = false, after_filled_ = false;  // this line, or the one before, ended in a whole quoted string or flow value
  std::vector<Level> levels_;
  std::vector<OpenFlow> flow_;
  std::optional<Place> long_quote_;  // first quoted string over several lines
  std::optional<Error> error_, tag_;
};

}  // namespace

Status scan_yaml_structure(std::string_view text, const YamlLimits& limits) { return Scanner(text, limits).scan(); }

}  // namespace kt::core
