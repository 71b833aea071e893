#include "core/text/char_class.h"

#include <array>

#include "core/base/regex.h"
#include "core/text/text_fields.h"

namespace kt::core {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::array<std::string_view, 30> kCategories = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl",
                                                          "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc",
                                                          "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"};
constexpr uint32_t kAllCategories = (1u << kCategories.size()) - 1;

// White_Space; PCRE2's own \s also takes U+180E.
constexpr std::string_view kSpace =
    "\\x{9}-\\x{D}\\x{20}\\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}";
constexpr std::string_view kNotSpace =
    "\\x{0}-\\x{8}\\x{E}-\\x{1F}\\x{21}-\\x{84}\\x{86}-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}"
    "\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{10FFFF}";
constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";

std::string category_members(uint32_t bits) {
  std::string out;
  for (size_t i = 0; i < kCategories.size();) {
    const char group = kCategories[i][0];
    const uint32_t whole = category_bits(std::string_view(&group, 1));
    if ((bits & whole) == whole) out += std::string("\\p{") + group + "}";
    for (; i < kCategories.size() && kCategories[i][0] == group; ++i)
      if ((bits & whole) != whole && (bits >> i & 1)) out += "\\p{" + std::string(kCategories[i]) + "}";
  }
  return out;
}

// "Han" means script extensions in PCRE2 and the script itself in Oniguruma.
std::string property_name(std::string_view name) {
  const std::string script = "sc:" + std::string(name);
  return Regex::compile("\\p{" + script + "}").ok() ? script : std::string(name);
}

bool read_property(std::string_view pattern, size_t* at, CharSet* out) {
  const size_t close = pattern.find('}', *at);
  if (*at + 1 >= pattern.size() || pattern[*at + 1] != '{' || close == std::string_view::npos) return false;
  std::string_view name = pattern.substr(*at + 2, close - *at - 2);
  bool negated = pattern[*at] == 'P';
  if (name.starts_with('^')) negated = !negated, name.remove_prefix(1);
  *at = close + 1;
  if (const uint32_t bits = category_bits(name)) {
    *out = CharSet::of_categories(negated ? kAllCategories & ~bits : bits);
    return true;
  }
  *out = CharSet::of_members((negated ? "\\P{" : "\\p{") + property_name(name) + "}");
  return true;
}

class ClassReader {
 public:
  ClassReader(std::string_view pattern, size_t* at) : pattern_(pattern), at_(*at) {}

  Result<CharSet> read(int depth) {
    if (depth > kMaxDepth) return bad("character classes are nested too deeply");
    ++at_;
    const bool negated = take('^');
    CharSet all, set;
    bool has_left = false;
    for (bool first = true;; first = false) {
      if (at_ >= pattern_.size()) return bad("a character class is not closed");
      if (pattern_[at_] == ']' && !first) break;
      if (pattern_.substr(at_).starts_with("&&")) {
        at_ += 2;
        all = has_left ? all & set : set;
        has_left = true;
        set = CharSet();
        continue;
      }
      set = set | KT_TRY(member(depth));
    }
    ++at_;
    if (has_left) set = all & set;
    return negated ? ~set : set;
  }

 private:
  static Error bad(const char* why) { return bad_tokenizer("regular expression", why); }

  bool take(char c) {
    if (at_ >= pattern_.size() || pattern_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<CharSet> member(int depth) {
    const size_t begin = at_;
    if (pattern_.substr(at_).starts_with("[:")) {
      const size_t close = pattern_.find(":]", at_);
      if (close == std::string_view::npos) return bad("a character class is not closed");
      at_ = close + 2;
      return CharSet::of_members(pattern_.substr(begin, at_ - begin));
    }
    if (pattern_[at_] == '[') return read(depth + 1);
    CharSet set;
    if (pattern_[at_] == '\\' && at_ + 1 < pattern_.size()) {
      size_t letter = at_ + 1;
      if (read_shorthand(pattern_, &letter, &set)) {
        at_ = letter;
        return set;
      }
    }
    std::string members = character();
    const bool is_range =
        at_ + 1 < pattern_.size() && pattern_[at_] == '-' && pattern_[at_ + 1] != ']' && pattern_[at_ + 1] != '[';
    if (is_range) {
      ++at_;
      members += "-" + character();
    }
    return CharSet::of_members(members);
  }

  // One character or escape.
  std::string character() {
    const size_t begin = at_;
    const char c = pattern_[at_++];
    if (c == ']' || c == '[' || c == '^' || c == '-') return std::string("\\") + c;
    if (c != '\\' || at_ >= pattern_.size()) {
      while (at_ < pattern_.size() && (static_cast<unsigned char>(pattern_[at_]) & 0xC0) == 0x80) ++at_;
      return std::string(pattern_.substr(begin, at_ - begin));
    }
    const char letter = pattern_[at_++];
    if (letter == 'v') return "\\x{B}";
    if (letter == 'u' && at_ + 4 <= pattern_.size()) {
      at_ += 4;
      return "\\x{" + std::string(pattern_.substr(at_ - 4, 4)) + "}";
    }
    if (letter == 'x' && at_ < pattern_.size() && pattern_[at_] == '{') {
      const size_t close = pattern_.find('}', at_);
      at_ = close == std::string_view::npos ? pattern_.size() : close + 1;
    } else if (letter == 'x') {
      while (at_ < pattern_.size() && at_ - begin < 4 && std::isxdigit(static_cast<unsigned char>(pattern_[at_]))) ++at_;
    }
    return std::string(pattern_.substr(begin, at_ - begin));
  }

  std::string_view pattern_;
  size_t& at_;
};

}  // namespace

CharSet CharSet::of_members(std::string_view members) {
  CharSet set;
  set.members_ = members;
  set.has_others_ = true;
  return set;
}

CharSet CharSet::of_categories(uint32_t bits) {
  CharSet set;
  set.bits_ = bits;
  set.members_ = category_members(bits);
  return set;
}

uint32_t CharSet::categories() const { return negated_ ? kAllCategories & ~bits_ : bits_; }

CharSet CharSet::operator|(const CharSet& other) const {
  if (is_empty()) return other;
  if (other.is_empty()) return *this;
  if (is_categories() && other.is_categories()) return of_categories(categories() | other.categories());
  CharSet out;
  if (atom_.empty() && other.atom_.empty() && !negated_ && !other.negated_) {
    out.members_ = members_ + other.members_;
    out.bits_ = bits_ | other.bits_;
    out.has_others_ = true;
  } else {
    out.atom_ = "(?:" + text() + "|" + other.text() + ")";
  }
  return out;
}

CharSet CharSet::operator&(const CharSet& other) const {
  if (is_categories() && other.is_categories()) return of_categories(categories() & other.categories());
  // [A && [^b]] is [^ (all categories but A) b].
  if (is_categories() && other.atom_.empty() && other.negated_) return ~(of_categories(kAllCategories & ~categories()) | ~other);
  if (other.is_categories() && atom_.empty() && negated_) return other & *this;
  CharSet out;
  out.atom_ = "(?:(?=" + text() + ")" + other.text() + ")";
  return out;
}

CharSet CharSet::operator~() const {
  CharSet out = *this;
  if (atom_.empty())
    out.negated_ = !negated_;
  else
    out.atom_ = "(?:(?!" + atom_ + ")(?s:.))";
  return out;
}

std::string CharSet::text() const {
  if (!atom_.empty()) return atom_;
  if (members_.empty()) return negated_ ? "(?s:.)" : "(?!)";
  return (negated_ ? "[^" : "[") + members_ + "]";
}

uint32_t category_bits(std::string_view name) {
  uint32_t bits = 0;
  for (size_t i = 0; i < kCategories.size(); ++i)
    if (!name.empty() && name.size() <= 2 && kCategories[i].substr(0, name.size()) == name) bits |= 1u << i;
  return bits;
}

bool read_shorthand(std::string_view pattern, size_t* at, CharSet* out) {
  const char letter = pattern[*at];
  if (letter == 'p' || letter == 'P') return read_property(pattern, at, out);
  switch (letter) {
    case 's':
      *out = CharSet::of_members(kSpace);
      break;
    case 'S':
      *out = CharSet::of_members(kNotSpace);
      break;
    case 'w':
      *out = CharSet::of_members(kWord);
      break;
    case 'W':
      *out = ~CharSet::of_members(kWord);
      break;
    case 'd':
      *out = CharSet::of_categories(category_bits("Nd"));
      break;
    case 'D':
      *out = CharSet::of_categories(kAllCategories & ~category_bits("Nd"));
      break;
    case 'h':
      *out = CharSet::of_members("0-9a-fA-F");
      break;
    case 'H':
      *out = ~CharSet::of_members("0-9a-fA-F");
      break;
    default:
      return false;
  }
  ++*at;
  return true;
}

Result<CharSet> read_class(std::string_view pattern, size_t* at) {
  size_t end = *at;
  ClassReader reader(pattern, &end);
  CharSet set = KT_TRY(reader.read(0));
  *at = end;
  return set;
}

}  // namespace kt::core
