// Sets of characters, written as one atom of a PCRE2 pattern.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace kt::core {

// A set made by union, intersection and complement. It stays one plain class [...] where that is possible, since PCRE2 runs
// through repeated plain classes without a backtracking frame for each character.
class CharSet {
 public:
  CharSet() = default;
  // `members` may stand between '[' and ']' in PCRE2.
  static CharSet of_members(std::string_view members);
  // General categories, a bit for each (see category_bits()).
  static CharSet of_categories(uint32_t bits);

  CharSet operator|(const CharSet& other) const;
  CharSet operator&(const CharSet& other) const;
  CharSet operator~() const;
  std::string text() const;

 private:
  bool is_empty() const { return atom_.empty() && members_.empty() && !negated_; }
  bool is_categories() const { return atom_.empty() && !has_others_; }
  uint32_t categories() const;  // of a set that is_categories()

  std::string atom_;         // any pattern that takes one character; if set, nothing else is
  std::string members_;      // of a plain class
  bool negated_ = false;     // the class is [^...]
  uint32_t bits_ = 0;        // the categories among the members
  bool has_others_ = false;  // members that are not categories
};

// The bits of a general category "L", "Lu"; 0 if `name` is none.
uint32_t category_bits(std::string_view name);

// A set behind a backslash: s S w W d D h H, or a property p P. `*at` is at the letter and moves behind the set. False if there
// is none; properties that PCRE2 does not know are left to its own message.
bool read_shorthand(std::string_view pattern, size_t* at, CharSet* out);

// The class whose '[' is at `*at`, which moves behind its ']'. In the syntax of Oniguruma: classes may hold classes and be
// intersected with &&.
Result<CharSet> read_class(std::string_view pattern, size_t* at);

}  // namespace kt::core
