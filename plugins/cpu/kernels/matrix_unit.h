// A matrix unit multiplies up to 16 rows of activations with the 16 rows of a tile at once: as AMX, and in plain C++ with the same
// results, so that everything around the instructions is tested on processors without them.
#pragma once

#include <cstdint>

#include "plugins/cpu/kernels/tile.h"

#if defined(__AMX_INT8__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace kt::cpu {

inline constexpr int kUnitRows = 16;

// A unit U has
//   available()     whether this process may use it
//   U(words)        the calling thread's unit, for groups of `words` (1..16) words of codes; the thread has one at a time
//   load(x, stride) 16 rows of 4 * words signed bytes, `stride` bytes apart, until the next load()
//   dots(codes, out)   out[16 * row + lane] = sum of codes * x over the group, exact; codes: `words` Words of unsigned bytes
class PortableUnit {
 public:
  static bool available() { return true; }
  explicit PortableUnit(int words) : words_(words) {}

  void load(const int8_t* x, int64_t stride) {
    x_ = x;
    stride_ = stride;
  }
  void dots(const Words* codes, int32_t* out) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(codes);
    for (int row = 0; row < kUnitRows; ++row)
      for (int lane = 0; lane < kTileRows; ++lane) {
        int32_t sum = 0;
        for (int k = 0; k < 4 * words_; ++k) sum += bytes[(k / 4 * kTileRows + lane) * 4 + k % 4] * x_[row * stride_ + k];
        out[row * kTileRows + lane] = sum;
      }
  }

 private:
  int words_;
  const int8_t* x_ = nullptr;
  int64_t stride_ = 0;
};

#if defined(__AMX_INT8__)

// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18: a tile has up to 16 rows of 64 bytes. Codes
// as Words are the layout that TDPBSUD wants of its second source: four columns of each weight row side by side.
class AmxUnit {
 public:
  // Linux gives the tiles' registers to a process that asks (arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
  static bool available() {
    static const bool permitted = ::syscall(SYS_arch_prctl, 0x1023, 18) == 0;
    return permitted;
  }

  explicit AmxUnit(int words) {
    struct alignas(64) Configuration {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t column_bytes[16] = {};
      uint8_t rows[16] = {};
    } configuration;
    const auto shape = [&](int tile, int rows, int bytes) {
      configuration.rows[tile] = static_cast<uint8_t>(rows);
      configuration.column_bytes[tile] = static_cast<uint16_t>(bytes);
    };
    shape(0, kUnitRows, 64);          // sums
    shape(1, kUnitRows, 4 * words);  // activations
    shape(2, words, 64);             // codes
    _tile_loadconfig(&configuration);
  }
  ~AmxUnit() { _tile_release(); }
  AmxUnit(const AmxUnit&) = delete;
  AmxUnit& operator=(const AmxUnit&) = delete;

  // The intrinsics take tiles as literal numbers only.
  void load(const int8_t* x, int64_t stride) { _tile_loadd(1, x, stride); }
  void dots(const Words* codes, int32_t* out) const {
    _tile_zero(0);
    _tile_loadd(2, codes, 64);
    _tile_dpbsud(0, 1, 2);
    _tile_stored(0, out, 64);
  }
};

#endif

}  // namespace kt::cpu
