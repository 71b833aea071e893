// How the block formats of 32 elements turn into words of unsigned weights with a scale and an offset for each group.
#pragma once

#include "kt/format/iq4_quants.h"
#include "plugins/cpu/kernels/activation.h"
#include "plugins/cpu/kernels/tile.h"

namespace kt::cpu {

// Up to 256 columns of a tile, loaded but still packed. A format F has
//   kGroup            elements with one scale: 16 or 32
//   kScaleGroup       elements of activations with one scale
//   kOffset           weight = scale * code + offset, else scale * (code - kBias)
//   kBias             0 for formats with an offset
//   kSigned           codes are signed bytes (AVX2 only), else unsigned; at most 127 on AVX2
//   load(rows, block, groups, packed)   words and scales of columns [256 * block, 256 * block + 32 * groups)
//   code(packed, s, g)                  the four codes of columns 32 s + 4 g ... of every row
template <class F>
struct Packed {
  Words words[F::kWords];
  Vec scales[kBlock / F::kGroup];
  Vec offsets[F::kOffset ? kBlock / F::kGroup : 1];
};

inline Words low_nibbles(Words a) { return words_and(a, words_set(0x0F0F0F0F)); }
inline Words nibbles_at(Words a, int high) { return low_nibbles(high ? words_right(a, 4) : a); }
// Bit i of the lowest four bits of every word becomes bit 4 of byte i.
inline Words fifth_bits(Words bits) {
  const Words spread = words_or(
      words_or(words_and(bits, words_set(1)), words_and(words_left(bits, 7), words_set(0x100))),
      words_or(words_and(words_left(bits, 14), words_set(0x10000)), words_and(words_left(bits, 21), words_set(0x1000000))));
  return words_left(spread, 4);
}

// Codes that are table values or signed bytes: unsigned with a bias of 128 where the dot product wants that.
#if defined(__AVX512F__)
inline constexpr bool kSignedCodes = false;
inline constexpr int kSignedBias = 128;
inline Words from_signed(Words a) { return words_xor(a, words_set(0x80808080)); }
#else
inline constexpr bool kSignedCodes = true;
inline constexpr int kSignedBias = 0;
inline Words from_signed(Words a) { return a; }
#endif

template <int Bytes>
struct BlockOf32 {
  static constexpr int kGroup = 32, kScaleGroup = 32;
  static constexpr bool kSigned = false, kOffset = false;
  static int64_t at(int64_t block, int s) { return (block * 8 + s) * Bytes; }
};

struct FormatQ4_0 : BlockOf32<18> {
  static constexpr int kBias = 8, kWords = 32;
  static void load(const uint8_t* const* rows, int64_t block, int groups, Packed<FormatQ4_0>& out) {
    for (int s = 0; s < groups; ++s) {
      load_columns(rows, at(block, s) + 2, out.words + 4 * s);
      out.scales[s] = load_f16(rows, at(block, s));
    }
  }
  static Words code(const Packed<FormatQ4_0>& p, int s, int g) { return nibbles_at(p.words[4 * s + g % 4], g / 4); }
};

struct FormatQ4_1 : BlockOf32<20> {
  static constexpr bool kOffset = true;
  static constexpr int kBias = 0, kWords = 32;
  static void load(const uint8_t* const* rows, int64_t block, int groups, Packed<FormatQ4_1>& out) {
    for (int s = 0; s < groups; ++s) {
      load_columns(rows, at(block, s) + 4, out.words + 4 * s);
      const Words head = load_word(rows, at(block, s));
      out.scales[s] = words_low_f16(head);
      out.offsets[s] = words_low_f16(words_right(head, 16));
    }
  }
  static Words code(const Packed<FormatQ4_1>& p, int s, int g) { return nibbles_at(p.words[4 * s + g % 4], g / 4); }
};

struct FormatQ5_0 : BlockOf32<22> {
  static constexpr int kBias = 16, kWords = 40;  // 32 words of nibbles, 8 of fifth bits
  static void load(const uint8_t* const* rows, int64_t block, int groups, Packed<FormatQ5_0>& out) {
    for (int s = 0; s < groups; ++s) {
      load_columns(rows, at(block, s) + 6, out.words + 4 * s);
      out.words[32 + s] = load_word(rows, at(block, s) + 2);
      out.scales[s] = load_f16(rows, at(block, s));
    }
  }
  static Words code(const Packed<FormatQ5_0>& p, int s, int g) {
    return words_or(nibbles_at(p.words[4 * s + g % 4], g / 4), fifth_bits(words_right(p.words[32 + s], 4 * g)));
  }
};

struct FormatQ5_1 : BlockOf32<24> {
  static constexpr bool kOffset = true;
  static constexpr int kBias = 0, kWords = 40;
  static void load(const uint8_t* const* rows, int64_t block, int groups, Packed<FormatQ5_1>& out) {
    for (int s = 0; s < groups; ++s) {
      load_columns(rows, at(block, s) + 8, out.words + 4 * s);
      out.words[32 + s] = load_word(rows, at(block, s) + 4);
      const Words head = load_word(rows, at(block, s));
      out.scales[s] = words_low_f16(head);
      out.offsets[s] = words_low_f16(words_right(head, 16));
    }
  }
  static Words code(const Packed<FormatQ5_1>& p, int s, int g) {
    return words_or(nibbles_at(p.words[4 * s + g % 4], g / 4), fifth_bits(words_right(p.words[32 + s], 4 * g)));
  }
};

struct FormatQ8_0 : BlockOf32<34> {
  static constexpr bool kSigned = kSignedCodes;
  static constexpr int kBias = kSignedBias, kWords = 64;
  static void load(const uint8_t* const* rows, int64_t block, int groups, Packed<FormatQ8_0>& out) {
    for (int s = 0; s < groups; ++s) {
      load_columns(rows, at(block, s) + 2, out.words + 8 * s);
      load_columns(rows, at(block, s) + 18, out.words + 8 * s + 4);
      out.scales[s] = load_f16(rows, at(block, s));
    }
  }
  static Words code(const Packed<FormatQ8_0>& p, int s, int g) { return from_signed(p.words[8 * s + g]); }
};

struct FormatIq4Nl : BlockOf32<18> {
  static constexpr bool kSigned = kSignedCodes;
  static constexpr int kBias = kSignedBias, kWords = 32;
  static void load(const uint8_t* const* rows, int64_t block, int groups, Packed<FormatIq4Nl>& out) {
    for (int s = 0; s < groups; ++s) {
      load_columns(rows, at(block, s) + 2, out.words + 4 * s);
      out.scales[s] = load_f16(rows, at(block, s));
    }
  }
  static Words code(const Packed<FormatIq4Nl>& p, int s, int g) {
    return from_signed(words_lookup(format::kIq4Values, nibbles_at(p.words[4 * s + g % 4], g / 4)));
  }
};

}  // namespace kt::cpu
