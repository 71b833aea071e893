#include "core/rules/pattern.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/base/regex.h"
#include "core/rules/codes.h"

namespace kt::core {
namespace {

constexpr size_t kLongest = 4096;
constexpr long kMostRepeats = 1000;
constexpr uint32_t kMostSteps = 10000;  // of one search; names are short
// Names like those of nodes, to find out what an expression costs before a thousand nodes are searched.
constexpr std::string_view kProbes[] = {"model.layers.10.self_attn.rotary_emb.q_proj", "model.layers.3.mlp.experts.gate_proj.xyz",
                                        "model.embed_tokens", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

Error invalid(const std::string& what, size_t offset, std::string hint = {}) {
  return fail(rules::kBadValue, "invalid regex: " + what + " at offset " + std::to_string(offset), std::move(hint));
}

// What a group that begins with "(?" and these characters is, if it is not supported.
std::string_view unsupported_group(std::string_view text) {
  if (text.starts_with("P=")) return "backreference";
  if (text.starts_with("C")) return "callout";
  const bool digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
  return digit || text.starts_with("R") || text.starts_with("&") || text.starts_with("P>") ? "recursion" : "";
}

// "bad regular expression at byte 3: range out of order" in the words of the messages here.
Error from_compiler(const Error& problem) {
  constexpr std::string_view kPrefix = "bad regular expression at byte ";
  const std::string& text = problem.message;
  const size_t colon = text.find(": ");
  if (!text.starts_with(kPrefix) || colon == std::string::npos)
    return fail(rules::kBadValue, "invalid regex: " + text, problem.hint);
  const std::string offset = text.substr(kPrefix.size(), colon - kPrefix.size());
  return fail(rules::kBadValue, "invalid regex: " + text.substr(colon + 2) + " at offset " + offset, problem.hint);
}

// Finds the common mistakes, each with the offset of the character at fault; the compiler finds the others.
class Proofreader {
 public:
  explicit Proofreader(std::string_view text) : text_(text) {}

  Status read() {
    for (; at_ < text_.size(); ++at_) {
      Status status = character(text_[at_]);
      if (!status.ok()) return status;
    }
    if (!open_.empty()) return invalid("missing ')' for '('", open_.back());
    return {};
  }

 private:
  Status character(char c) {
    if (c == '\\') return escape();
    if (c == '[') return bracket();
    if (c == '(') return open();
    if (c == ')') return close();
    if (c == '*' || c == '+' || c == '?') return repeat();
    if (c == '{') return braces();
    can_repeat_ = c != '|' && c != '^';
    return {};
  }

  Status escape() {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (next == '\0') return invalid("'\\' at the end", at_);
    if ((next >= '1' && next <= '9') || next == 'k' || next == 'g')
      return fail(rules::kBadValue, "regex feature '\\" + std::string(1, next) + "' (backreference) is not supported");
    if (next == 'Q') {  // literal text up to \E
      const size_t end = text_.find("\\E", at_);
      at_ = end == std::string_view::npos ? text_.size() - 2 : end;
    }
    ++at_;
    can_repeat_ = true;
    return {};
  }

  Status bracket() {
    const size_t begin = at_++;
    if (at_ < text_.size() && text_[at_] == '^') ++at_;
    if (at_ < text_.size() && text_[at_] == ']') ++at_;
    for (; at_ < text_.size() && text_[at_] != ']'; ++at_) {
      const bool posix = text_.substr(at_, 2) == "[:";
      const size_t end = posix ? text_.find(":]", at_ + 2) : std::string_view::npos;
      if (end != std::string_view::npos)
        at_ = end + 1;
      else if (text_[at_] == '\\')
        ++at_;
    }
    if (at_ >= text_.size()) return invalid("missing ']'", begin);
    can_repeat_ = true;
    return {};
  }

  Status open() {
    open_.push_back(at_);
    can_repeat_ = false;
    if (text_.substr(at_ + 1, 1) != "?") return {};
    if (const std::string_view feature = unsupported_group(text_.substr(at_ + 2)); !feature.empty()) {
      const std::string group(text_.substr(at_, std::min(text_.find(')', at_), text_.size() - 1) - at_ + 1));
      return fail(rules::kBadValue, "regex feature '" + group + "' (" + std::string(feature) + ") is not supported");
    }
    at_ += 1;
    while (at_ + 1 < text_.size() && std::string_view("<=!:>PimsxJUn-").find(text_[at_ + 1]) != std::string_view::npos) ++at_;
    return {};
  }

  Status close() {
    if (open_.empty()) return invalid("unmatched ')'", at_);
    open_.pop_back();
    can_repeat_ = true;
    return {};
  }

  Status repeat() {
    const bool verb = text_[at_] == '*' && at_ > 0 && text_[at_ - 1] == '(';
    if (can_repeat_ || verb) return {};
    return invalid("nothing to repeat", at_,
                   text_[at_] == '*' && at_ == 0 ? "'*' is not a glob here; write '." + std::string(text_) + "'" : "");
  }

  // {N}, {N,} and {N,M}; anything else in braces is literal text.
  Status braces() {
    for (size_t i = at_ + 1; i < text_.size() && text_[i] != '}'; ++i) {
      if (text_[i] == ',') continue;
      if (text_[i] < '0' || text_[i] > '9') return {};
      long count = 0;
      const auto [end, error] = std::from_chars(text_.data() + i, text_.data() + text_.size(), count);
      const std::string written(text_.data() + i, end);
      if (error != std::errc() || count > kMostRepeats)
        return fail(rules::kBadValue, "invalid regex: repeat count " + written + " exceeds " + std::to_string(kMostRepeats));
      i = static_cast<size_t>(end - text_.data()) - 1;
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<size_t> open_;
  bool can_repeat_ = false;
};

size_t characters(std::string_view text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace

Result<Pattern> Pattern::compile(const std::string& text) {
  if (const size_t count = characters(text); count > kLongest)
    return fail(rules::kBadValue, "regex is " + std::to_string(count) + " characters, limit " + std::to_string(kLongest));
  KT_TRY(Proofreader(text).read());
  RegexOptions options;
  options.error_code = rules::kBadValue;
  options.match_limit = kMostSteps;
  Result<Regex> compiled = Regex::compile(text, options);
  if (!compiled.ok()) return from_compiler(compiled.error());
  for (const std::string_view name : kProbes)
    if (compiled->search(name, 0, nullptr) == RegexOutcome::kLimit)
      return fail(rules::kBadValue, "regex takes more than " + std::to_string(kMostSteps) + " steps to search a name",
                  "avoid repeats inside of repeats, as in (a+)+, and several '.*' in a row");
  Pattern out;
  out.text_ = text;
  out.regex_ = std::make_shared<const Regex>(std::move(*compiled));
  return out;
}

bool Pattern::search(std::string_view name) const { return regex_->found_in(name); }

size_t Pattern::progress(std::string_view name) const {
  const RegexSpan span = regex_->longest_partial(name);
  return span.set() && span.begin == 0 ? span.end : 0;
}

}  // namespace kt::core
