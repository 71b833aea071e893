#include "core/jinja/lexer.h"

#include "core/jinja/string_literal.h"
#include "core/jinja/unicode.h"

namespace kt::core::jinja {
namespace {

bool is_digit_byte(char c) { return c >= '0' && c <= '9'; }
bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit_byte(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit_of(char c, int base) {
  if (base == 16) return is_digit_byte(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  return c >= '0' && c < '0' + base;
}

constexpr std::string_view kOperators[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
                                           "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  Result<std::vector<Token>> run() {
    while (at_ < text_.size()) KT_TRY(lex_data());
    add(Token::kEnd, "", text_.size());
    return std::move(tokens_);
  }

 private:
  Error error(size_t offset, std::string message) const { return source_.locate(fail(412, std::move(message)), offset); }
  void add(Token::Type type, std::string_view text, size_t offset) { tokens_.push_back({type, std::string(text), offset}); }
  char byte(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  bool starts(size_t at, std::string_view what) const { return text_.substr(std::min(at, text_.size())).starts_with(what); }

  // Text up to the next tag, and that tag.
  Status lex_data() {
    size_t tag = at_;
    while ((tag = text_.find('{', tag)) != std::string_view::npos && !starts(tag, "{{") && !starts(tag, "{%") &&
           !starts(tag, "{#"))
      ++tag;
    if (tag == std::string_view::npos) {
      add_data(at_, text_.size());
      at_ = text_.size();
      return {};
    }
    const char kind = text_[tag + 1];
    const char sign = byte(tag + 2) == '-' || byte(tag + 2) == '+' ? byte(tag + 2) : '\0';
    add_data(at_, end_of_data(at_, tag, sign, kind != '{'));
    at_ = tag + 2 + (sign != 0);
    if (kind == '#') return lex_comment(tag);
    if (kind == '{') return lex_tag(tag, Token::kVariableBegin, Token::kVariableEnd, "}}");
    if (const size_t body = raw_begin(at_)) return lex_raw(tag, body);
    return lex_tag(tag, Token::kBlockBegin, Token::kBlockEnd, "%}");
  }

  void add_data(size_t begin, size_t end) {
    if (end > begin) add(Token::kData, text_.substr(begin, end - begin), begin);
  }

  // Where the text before a tag ends: '-' strips it, and a block's own indentation never counts.
  size_t end_of_data(size_t begin, size_t tag, char sign, bool is_block) const {
    if (sign == '-') return trim_end(text_, begin, tag);
    if (sign == '+' || !is_block) return tag;
    const size_t newline = text_.substr(begin, tag - begin).rfind('\n');
    if (newline == std::string_view::npos && begin > 0 && text_[begin - 1] != '\n') return tag;
    const size_t line = newline == std::string_view::npos ? begin : begin + newline + 1;
    return skip_space(text_, line) >= tag ? line : tag;
  }

  // Behind a tag's last bracket: '-' strips all white space, otherwise a block takes its newline.
  void end_tag(char sign, size_t end, bool is_block) {
    at_ = end;
    if (sign == '-')
      at_ = skip_space(text_, at_);
    else if (sign != '+' && is_block && byte(at_) == '\n')
      ++at_;
  }

  Status lex_comment(size_t tag) {
    const size_t end = text_.find("#}", at_);
    if (end == std::string_view::npos) return error(tag, "the comment has no end: '#}' is missing");
    end_tag(end > at_ ? text_[end - 1] : '\0', end + 2, true);
    return {};
  }

  // Offset behind "raw %}" if that is what follows, or 0.
  size_t raw_begin(size_t at) const {
    at = skip_space(text_, at);
    if (!starts(at, "raw")) return 0;
    at = skip_space(text_, at + 3);
    if (starts(at, "-%}")) return skip_space(text_, at + 3);
    return starts(at, "%}") ? at + 2 : 0;
  }

  Status lex_raw(size_t tag, size_t body) {
    for (size_t end = body; (end = text_.find("{%", end)) != std::string_view::npos; end += 2) {
      const char sign = byte(end + 2) == '-' || byte(end + 2) == '+' ? byte(end + 2) : '\0';
      size_t at = skip_space(text_, end + 2 + (sign != 0));
      if (!starts(at, "endraw")) continue;
      at = skip_space(text_, at + 6);
      const char close = byte(at) == '-' || byte(at) == '+' ? byte(at) : '\0';
      at += close != 0;
      if (!starts(at, "%}")) continue;
      add_data(body, end_of_data(body, end, sign, true));
      end_tag(close, at + 2, true);
      return {};
    }
    return error(tag, "the raw block has no end: '{% endraw %}' is missing");
  }

  Status lex_tag(size_t tag, Token::Type begin, Token::Type end, std::string_view close) {
    add(begin, "", tag);
    brackets_.clear();
    while (true) {
      at_ = skip_space(text_, at_);
      if (at_ >= text_.size()) return error(tag, std::string("the tag has no end: '") + std::string(close) + "' is missing");
      const char sign = text_[at_] == '-' || (text_[at_] == '+' && end == Token::kBlockEnd) ? text_[at_] : '\0';
      if (brackets_.empty() && starts(at_ + (sign != 0), close)) {
        add(end, "", at_);
        end_tag(sign, at_ + (sign != 0) + 2, end == Token::kBlockEnd);
        return {};
      }
      KT_TRY(lex_token());
    }
  }

  Status lex_token() {
    const char c = text_[at_];
    if (is_digit_byte(c)) return lex_number();
    if (is_name_byte(c)) return lex_name();
    if (c == '\'' || c == '"') return lex_string(c);
    for (std::string_view sign : kOperators)
      if (starts(at_, sign)) return lex_operator(sign);
    return error(at_, std::string("unexpected character '") + c + "'");
  }

  Status lex_name() {
    size_t end = at_;
    while (is_name_byte(byte(end))) ++end;
    add(Token::kName, text_.substr(at_, end - at_), at_);
    at_ = end;
    return {};
  }

  // Digits with single underscores between them; the end of what was read.
  size_t digits(size_t at, int base) const {
    while (is_digit_of(byte(at), base) || (byte(at) == '_' && is_digit_of(byte(at + 1), base))) ++at;
    return at;
  }

  Status lex_number() {
    const size_t begin = at_;
    const char kind = text_[at_] == '0' ? static_cast<char>(byte(at_ + 1) | 0x20) : '\0';
    const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
    if (base != 10 && digits(at_ + 2, base) > at_ + 2) {
      at_ = digits(at_ + 2, base);
      add(Token::kInteger, text_.substr(begin, at_ - begin), begin);
      return {};
    }
    size_t end = digits(at_, 10);
    const bool after_dot = begin > 0 && text_[begin - 1] == '.';
    const size_t whole = end;
    if (!after_dot && byte(end) == '.' && is_digit_byte(byte(end + 1))) end = digits(end + 1, 10);
    if (!after_dot && (byte(end) | 0x20) == 'e') {
      const size_t exponent = end + 1 + (byte(end + 1) == '+' || byte(end + 1) == '-');
      if (is_digit_byte(byte(exponent))) end = digits(exponent, 10);
    }
    if (end == whole && text_[begin] == '0')  // a number does not begin with 0, so this is 0 and another number
      for (end = begin; byte(end) == '0' || (byte(end) == '_' && byte(end + 1) == '0');) ++end;
    add(end > whole ? Token::kFloat : Token::kInteger, text_.substr(begin, end - begin), begin);
    at_ = end;
    return {};
  }

  Status lex_string(char quote) {
    const size_t begin = at_;
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return error(begin, "the string has no end");
    auto decoded = decode_string(text_.substr(begin + 1, end - begin - 1));
    if (!decoded.ok()) return source_.locate(std::move(decoded).take_error(), begin);
    add(Token::kString, *decoded, begin);
    at_ = end + 1;
    return {};
  }

  Status lex_operator(std::string_view sign) {
    static constexpr std::string_view kOpen = "([{", kClose = ")]}";
    if (const size_t open = kOpen.find(sign); open != std::string_view::npos) brackets_.push_back(kClose[open]);
    if (kClose.find(sign) != std::string_view::npos) {
      if (brackets_.empty()) return error(at_, "unexpected '" + std::string(sign) + "'");
      if (brackets_.back() != sign[0])
        return error(at_, "unexpected '" + std::string(sign) + "', expected '" + std::string(1, brackets_.back()) + "'");
      brackets_.pop_back();
    }
    add(Token::kOperator, sign, at_);
    at_ += sign.size();
    return {};
  }

  const Source& source_;
  std::string_view text_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
  std::string brackets_;  // closing ones still expected
};

}  // namespace

Result<std::vector<Token>> tokenize(const Source& source) { return Lexer(source).run(); }

}  // namespace kt::core::jinja
