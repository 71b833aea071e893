// How the block formats of 32 elements turn into words of unsigned weights with a scale and an offset for each group.
#pragma once

#include "kt/format/iq4_quants.h"
#include "plugins/cpu/kernels/activation.h"
#include "plugins/cpu/kernels/tile.h"

namespace kt::cpu {

// A format F has
//   kGroup            elements with one scale: 16 or 32
//   kScaleGroup       elements of activations with one scale
//   kOffset           weight = scale * code + offset, else scale * (code - kBias)
//   kBias             0 for formats with an offset
//   kSigned           codes are signed bytes (AVX2 only), else unsigned; at most 127 on AVX2
//   kCheap            codes are unpacked in no time beside the products with a few rows of activations
//   kChunk, kChunkWords   the words of kChunk groups of 32 columns can be loaded and unpacked without the others
//   load_chunk(rows, block, c, words)   the words of chunk c of block `block`
//   load_scales(rows, block, groups, scales)   scales of columns [256 * block, 256 * block + 32 * groups)
//   code(words, s, g)                   the four codes of columns 32 s + 4 g ... of a chunk, of every row
template <class F>
struct GroupScales {
  Vec scales[kBlock / F::kGroup];
  Vec offsets[F::kOffset ? kBlock / F::kGroup : 1];
};

// Up to 256 columns of a tile: as loaded if their codes are cheap, else unpacked.
template <class F>
struct Tile : GroupScales<F> {
  Words words[F::kCheap ? 8 / F::kChunk * F::kChunkWords : 64];

  void load(const uint8_t* const* rows, int64_t block, int groups) {
    F::load_scales(rows, block, groups, *this);
    for (int c = 0; c * F::kChunk < groups; ++c) {
      if constexpr (F::kCheap) {
        F::load_chunk(rows, block, c, words + c * F::kChunkWords);
      } else {
        Words chunk[F::kChunkWords];
        F::load_chunk(rows, block, c, chunk);
#pragma GCC unroll 64
        for (int i = 0; i < F::kChunk * 8; ++i) words[c * F::kChunk * 8 + i] = F::code(chunk, i / 8, i % 8);
      }
    }
  }
  Words code(int s, int g) const {
    if constexpr (!F::kCheap) return words[8 * s + g];
    return F::code(words + s / F::kChunk * F::kChunkWords, s % F::kChunk, g);
  }
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

// A block's scale and minimum as two f16 side by side.
inline void load_scale_and_offset(const uint8_t* const* rows, int64_t offset, Vec& scale, Vec& minimum) {
  const Words head = load_word(rows, offset);
  scale = words_low_f16(head);
  minimum = words_low_f16(words_right(head, 16));
}

template <int Bytes>
struct BlockOf32 {
  static constexpr int kGroup = 32, kScaleGroup = 32, kChunk = 1;
  static constexpr bool kSigned = false, kOffset = false, kCheap = false;
  static int64_t at(int64_t block, int s) { return (block * 8 + s) * Bytes; }
};

struct FormatQ4_0 : BlockOf32<18> {
  static constexpr int kBias = 8, kChunkWords = 4;
  static constexpr bool kCheap = true;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns(rows, at(block, c) + 2, out);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int groups, GroupScales<FormatQ4_0>& out) {
    for (int s = 0; s < groups; ++s) out.scales[s] = load_f16(rows, at(block, s));
  }
  static Words code(const Words* words, int, int g) { return nibbles_at(words[g % 4], g / 4); }
};

struct FormatQ4_1 : BlockOf32<20> {
  static constexpr bool kOffset = true, kCheap = true;
  static constexpr int kBias = 0, kChunkWords = 4;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns(rows, at(block, c) + 4, out);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int groups, GroupScales<FormatQ4_1>& out) {
    for (int s = 0; s < groups; ++s) load_scale_and_offset(rows, at(block, s), out.scales[s], out.offsets[s]);
  }
  static Words code(const Words* words, int, int g) { return nibbles_at(words[g % 4], g / 4); }
};

struct FormatQ5_0 : BlockOf32<22> {
  static constexpr int kBias = 16, kChunkWords = 5;  // four words of nibbles, one of fifth bits
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns(rows, at(block, c) + 6, out);
    out[4] = load_word(rows, at(block, c) + 2);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int groups, GroupScales<FormatQ5_0>& out) {
    for (int s = 0; s < groups; ++s) out.scales[s] = load_f16(rows, at(block, s));
  }
  static Words code(const Words* words, int, int g) {
    return words_or(nibbles_at(words[g % 4], g / 4), fifth_bits(words_right(words[4], 4 * g)));
  }
};

struct FormatQ5_1 : BlockOf32<24> {
  static constexpr bool kOffset = true;
  static constexpr int kBias = 0, kChunkWords = 5;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns(rows, at(block, c) + 8, out);
    out[4] = load_word(rows, at(block, c) + 4);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int groups, GroupScales<FormatQ5_1>& out) {
    for (int s = 0; s < groups; ++s) load_scale_and_offset(rows, at(block, s), out.scales[s], out.offsets[s]);
  }
  static Words code(const Words* words, int s, int g) { return FormatQ5_0::code(words, s, g); }
};

struct FormatQ8_0 : BlockOf32<34> {
  static constexpr bool kSigned = kSignedCodes, kCheap = true;
  static constexpr int kBias = kSignedBias, kChunkWords = 8;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns_32(rows, at(block, c) + 2, out);
    for (int g = 0; g < 8; ++g) out[g] = from_signed(out[g]);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int groups, GroupScales<FormatQ8_0>& out) {
    for (int s = 0; s < groups; ++s) out.scales[s] = load_f16(rows, at(block, s));
  }
  static Words code(const Words* words, int, int g) { return words[g]; }
};

struct FormatIq4Nl : BlockOf32<18> {
  static constexpr bool kSigned = kSignedCodes;
  static constexpr int kBias = kSignedBias, kChunkWords = 4;
  static void load_chunk(const uint8_t* const* rows, int64_t block, int c, Words* out) {
    load_columns(rows, at(block, c) + 2, out);
  }
  static void load_scales(const uint8_t* const* rows, int64_t block, int groups, GroupScales<FormatIq4Nl>& out) {
    for (int s = 0; s < groups; ++s) out.scales[s] = load_f16(rows, at(block, s));
  }
  static Words code(const Words* words, int, int g) {
    return from_signed(words_lookup(format::kIq4Values, nibbles_at(words[g % 4], g / 4)));
  }
};

}  // namespace kt::cpu
