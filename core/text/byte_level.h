// The alphabet of byte-level BPE: every byte is written as one printable character.
// Source of the mapping: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), section 2.2.
#pragma once

#include <string>
#include <string_view>

namespace kt::core {

// Appends the character of every byte.
void append_byte_level(std::string_view bytes, std::string* out);
// The bytes that `text` stands for; the text itself when one of its characters is not in the alphabet.
void append_bytes_of(std::string_view text, std::string* out);

// The byte of a fallback token "<0x41>", or -1.
int fallback_byte(std::string_view token);
std::string fallback_token(unsigned char byte);

}  // namespace kt::core
