// How the formats of 256 elements turn into words of unsigned weights with a scale and an offset for each group.
#pragma once

#include "plugins/cpu/kernels/quantised_formats.h"

namespace kt::cpu {

struct BlockOf256 {
  static constexpr int kScaleGroup = 256;
  static constexpr bool kSigned = false, kOffset = false, kCheap = false;
};

// Code bits 2p, 2p+1 of byte 32h+i belong to element 128h + 32p + i: a chunk of 128 columns has eight words.
inline Words pair_at(const Words* pairs, int s, int g) { return words_and(words_right(pairs[g], s * 2), words_set(0x03030303)); }
// Bit s of byte 4g+i of 32 bytes, moved to bit `to` of its byte.
inline Words bit_at(const Words* bits, int s, int g, int to) {
  return words_left(words_and(words_right(bits[g], s), words_set(0x01010101)), to);
}
inline Words byte_of(Words a, int byte, uint32_t mask) { return words_and(words_right(a, 8 * byte), words_set(mask)); }

// Byte j of every word as a number, times `factor`.
inline void unpack_bytes(Words bytes, Vec factor, Vec* out) {
  for (int j = 0; j < 4; ++j) out[j] = factor * words_to_float(j == 3 ? words_right(bytes, 24) : byte_of(bytes, j, 255));
}

// The six-bit scales and minimums of Q4_K and Q5_K; head: d and dmin, then three words of 12 bytes.
template <class F>
inline void unpack_k_scales(const Words* head, GroupScales<F>& out) {
  const Vec scale = words_low_f16(head[0]);
  const Vec minimum = vec_zero() - words_low_f16(words_right(head[0], 16));
  const Words six = words_set(0x3F3F3F3F), four = words_set(0x0F0F0F0F), high = words_set(0x30303030);
  unpack_bytes(words_and(head[1], six), scale, out.scales);
  unpack_bytes(words_and(head[2], six), minimum, out.offsets);
  const auto upper = [&](Words low, Words bits) { return words_or(words_and(low, four), words_and(words_right(bits, 2), high)); };
  unpack_bytes(upper(head[3], head[1]), scale, out.scales + 4);
  unpack_bytes(upper(words_right(head[3], 4), head[2]), minimum, out.offsets + 4);
}

struct FormatQ4_K : BlockOf256 {
  static constexpr bool kOffset = true, kCheap = true;
  static constexpr int kGroup = 32, kBias = 0, kChunk = 2, kChunkWords = 8;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns_32(rows, block * 144 + 16 + 32 * c, out);
  }
  [[gnu::flatten]] static void load_scales(const uint8_t* const* rows, int64_t block, int, GroupScales<FormatQ4_K>& out) {
    Words head[4];
    load_columns(rows, block * 144, head);
    unpack_k_scales(head, out);
  }
  static Words code(const Words* words, int s, int g) { return nibbles_at(words[g], s); }
};

struct FormatQ5_K : BlockOf256 {
  static constexpr bool kOffset = true;
  static constexpr int kGroup = 32, kBias = 0, kChunk = 8, kChunkWords = 40;  // 32 words of nibbles, 8 of fifth bits
  static void load_chunk(const uint8_t* const* rows, int64_t block, int, Words* out) {
    for (int i = 0; i < 4; ++i) load_columns_32(rows, block * 176 + 48 + 32 * i, out + 8 * i);
    load_columns_32(rows, block * 176 + 16, out + 32);
  }
  [[gnu::flatten]] static void load_scales(const uint8_t* const* rows, int64_t block, int, GroupScales<FormatQ5_K>& out) {
    Words head[4];
    load_columns(rows, block * 176, head);
    unpack_k_scales(head, out);
  }
  static Words code(const Words* words, int s, int g) {
    return words_or(nibbles_at(words[s / 2 * 8 + g], s % 2), bit_at(words + 32, s, g, 4));
  }
};

struct FormatQ6_K : BlockOf256 {
  static constexpr int kGroup = 16, kBias = 32, kChunk = 4, kChunkWords = 24;  // 16 words of nibbles, 8 of pairs
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns_32(rows, block * 210 + 64 * c, out);
    load_columns_32(rows, block * 210 + 64 * c + 32, out + 8);
    load_columns_32(rows, block * 210 + 128 + 32 * c, out + 16);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int, GroupScales<FormatQ6_K>& out) {
    Words scales[4];
    load_columns(rows, block * 210 + 192, scales);
    const Vec scale = load_f16(rows, block * 210 + 208);
    for (int j = 0; j < 16; ++j) out.scales[j] = scale * words_to_float(words_signed_byte(scales[j / 4], j % 4));
  }
  static Words code(const Words* words, int s, int g) {
    return words_or(nibbles_at(words[s % 2 * 8 + g], s / 2), words_left(pair_at(words + 16, s, g), 4));
  }
};

struct FormatQ2_K : BlockOf256 {
  static constexpr bool kOffset = true;
  static constexpr int kGroup = 16, kBias = 0, kChunk = 4, kChunkWords = 8;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns_32(rows, block * 84 + 16 + 32 * c, out);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int, GroupScales<FormatQ2_K>& out) {
    Words scales[4];
    load_columns(rows, block * 84, scales);
    const Words head = load_word(rows, block * 84 + 80);
    const Vec scale = words_low_f16(head), minimum = vec_zero() - words_low_f16(words_right(head, 16));
    for (int j = 0; j < 16; ++j) {
      out.scales[j] = scale * words_to_float(byte_of(scales[j / 4], j % 4, 15));
      out.offsets[j] = minimum * words_to_float(byte_of(words_right(scales[j / 4], 4), j % 4, 15));
    }
  }
  static Words code(const Words* words, int s, int g) { return pair_at(words, s, g); }
};

struct FormatQ3_K : BlockOf256 {
  static constexpr int kGroup = 16, kBias = 4, kChunk = 8, kChunkWords = 24;  // 16 words of pairs, 8 of third bits
  static void load_chunk(const uint8_t* const* rows, int64_t block, int, Words* out) {
    for (int i = 0; i < 2; ++i) load_columns_32(rows, block * 110 + 32 + 32 * i, out + 8 * i);
    load_columns_32(rows, block * 110, out + 16);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int, GroupScales<FormatQ3_K>& out) {
    const int64_t at = block * 110 + 96;
    const Words low[2] = {load_word(rows, at), load_word(rows, at + 4)};
    const Words high = load_word(rows, at + 8);
    const Vec scale = load_f16(rows, at + 12);
    for (int j = 0; j < 16; ++j) {
      const Words nibble = byte_of(words_right(low[j / 4 % 2], j / 8 * 4), j % 4, 15);
      const Words pair = byte_of(words_right(high, j / 4 * 2), j % 4, 3);
      const Words code = words_add(words_or(nibble, words_left(pair, 4)), words_set(static_cast<uint32_t>(-32)));
      out.scales[j] = scale * words_to_float(code);
    }
  }
  static Words code(const Words* words, int s, int g) {
    return words_or(pair_at(words + s / 4 * 8, s % 4, g), bit_at(words + 16, s, g, 2));
  }
};

struct FormatIq4Xs : BlockOf256 {
  static constexpr bool kSigned = kSignedCodes;
  static constexpr int kGroup = 32, kBias = kSignedBias, kChunk = 2, kChunkWords = 8;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns_32(rows, block * 136 + 8 + 32 * c, out);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int, GroupScales<FormatIq4Xs>& out) {
    const Words head = load_word(rows, block * 136), low = load_word(rows, block * 136 + 4);
    const Vec scale = words_low_f16(head);
    for (int j = 0; j < 8; ++j) {
      const Words nibble = words_and(words_right(low, 4 * j), words_set(15));
      const Words pair = words_and(words_right(head, 16 + 2 * j), words_set(3));
      const Words code = words_add(words_or(nibble, words_left(pair, 4)), words_set(static_cast<uint32_t>(-32)));
      out.scales[j] = scale * words_to_float(code);
    }
  }
  static Words code(const Words* words, int s, int g) {
    return from_signed(words_lookup(format::kIq4Values, nibbles_at(words[4 * s + g % 4], g / 4)));
  }
};

}  // namespace kt::cpu
