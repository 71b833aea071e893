// UTF-8 text as code points, and the Unicode properties that tokenizers ask for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kt::core {

inline constexpr char32_t kReplacement = 0xFFFD;

// The code point at `*at`, which moves behind it. `text` is valid UTF-8 and `*at` inside it.
char32_t next_code_point(std::string_view text, size_t* at);
// The code point that ends at `end` (> 0).
char32_t last_code_point(std::string_view text);
// Bytes of the code point whose first byte is `lead`.
size_t code_point_size(unsigned char lead);
void append_code_point(std::string* out, char32_t code_point);

// Appends `bytes` to `out`, every longest ill-formed part as one U+FFFD. Returns how many bytes were taken: all if `final`,
// otherwise all but a tail that further bytes could complete.
size_t append_lossy_utf8(std::string_view bytes, bool final, std::string* out);
bool is_valid_utf8(std::string_view bytes);
// `text` itself if it is valid, otherwise a repaired copy kept in `*copy`.
std::string_view valid_utf8(std::string_view text, std::string* copy);

bool is_white_space(char32_t code_point);  // White_Space
bool is_numeric(char32_t code_point);      // Nd, Nl, No
bool is_punctuation(char32_t code_point);  // ASCII punctuation and symbols, and P*
bool is_mark(char32_t code_point);         // Mn, Mc, Me
bool is_other(char32_t code_point);        // Cc, Cf, Cn, Co
bool is_word(char32_t code_point);         // Alphabetic, M, Nd, Pc, Join_Control

}  // namespace kt::core
