#include "apps/synth/random_blocks.h"

#include <algorithm>
#include <cstring>

#include "kt/format/dtype.h"
#include "kt/format/float16.h"

namespace kt::synth {

using namespace core;
namespace {

constexpr size_t kPoolBlocks = 49157;  // prime, so that tensors do not repeat each other in step

// Where a block keeps its float16 scales, and how large they must be for values of deviation 1 and mean 0 when all other bits are
// random. `spread` is the deviation of the integers that the scale multiplies; a second scale is that of the minimum.
struct BlockScales {
  int32_t dtype;
  int scale_at;
  double spread;
  int minimum_at;        // -1: none
  double minimum_ratio;  // minimum scale / scale
};

constexpr BlockScales kScales[] = {
    {KT_Q4_0, 0, 4.61, -1, 0},  {KT_Q4_1, 0, 4.61, 2, -7.5},  {KT_Q5_0, 0, 9.23, -1, 0},   {KT_Q5_1, 0, 9.23, 2, -15.5},
    {KT_Q8_0, 0, 73.9, -1, 0},  {KT_Q2_K, 80, 13.9, 82, 1.5}, {KT_Q3_K, 108, 43.3, -1, 0}, {KT_Q4_K, 0, 290, 2, 7.5},
    {KT_Q5_K, 0, 527, 2, 15.5}, {KT_Q6_K, 208, 1365, -1, 0},  {KT_IQ4_NL, 0, 70, -1, 0},   {KT_IQ4_XS, 0, 1293, -1, 0},
};
// MXFP4 keeps one exponent a block: 2^(120 - 128) times doubled values of spread 5.85 is a deviation of 0.023.
constexpr std::byte kMxfp4Exponent{120};

const BlockScales* scales_of(int32_t dtype) {
  const auto* found =
      std::find_if(std::begin(kScales), std::end(kScales), [&](const BlockScales& s) { return s.dtype == dtype; });
  return found == std::end(kScales) ? nullptr : found;
}

bool is_float(int32_t dtype) { return dtype == KT_F32 || dtype == KT_F16 || dtype == KT_BF16; }

void put_half(std::byte* at, double value) {
  const uint16_t bits = format::f16_from_f32(static_cast<float>(value));
  std::memcpy(at, &bits, sizeof bits);
}

}  // namespace

bool RandomBlocks::knows(int32_t dtype) { return is_float(dtype) || dtype == KT_MXFP4 || scales_of(dtype) != nullptr; }

std::vector<std::byte> RandomBlocks::make_floats(int32_t dtype, float deviation) {
  std::normal_distribution<float> normal(0, deviation);
  const size_t size = static_cast<size_t>(format::dtype_info(dtype)->block_bytes);
  std::vector<std::byte> pool(kPoolBlocks * 64 * size);
  for (size_t at = 0; at < pool.size(); at += size) {
    const float value = normal(random_);
    const uint32_t wide = format::bits_of_float(value);
    const uint16_t narrow = dtype == KT_F16 ? format::f16_from_f32(value) : format::bf16_from_f32(value);
    std::memcpy(&pool[at], size == 4 ? static_cast<const void*>(&wide) : &narrow, size);
  }
  return pool;
}

std::vector<std::byte> RandomBlocks::make_pool(int32_t dtype, float deviation) {
  if (is_float(dtype)) return make_floats(dtype, deviation);
  const size_t size = static_cast<size_t>(format::dtype_info(dtype)->block_bytes);
  std::vector<std::byte> pool(kPoolBlocks * size);
  for (std::byte& byte : pool) byte = static_cast<std::byte>(random_() >> 56);
  std::uniform_real_distribution<double> around(0.8, 1.2);
  const BlockScales* scales = scales_of(dtype);
  for (size_t block = 0; block < pool.size(); block += size) {
    if (!scales) {
      pool[block] = kMxfp4Exponent;
      continue;
    }
    const double scale = deviation / scales->spread * around(random_);
    put_half(&pool[block + static_cast<size_t>(scales->scale_at)], scale);
    if (scales->minimum_at >= 0) put_half(&pool[block + static_cast<size_t>(scales->minimum_at)], scale * scales->minimum_ratio);
  }
  return pool;
}

Status RandomBlocks::cut(int32_t dtype, uint64_t bytes, float deviation,
                         const std::function<Status(std::span<const std::byte>)>& piece) {
  std::vector<std::byte>& pool = pools_[dtype];
  if (pool.empty()) pool = make_pool(dtype, deviation);
  const size_t size = static_cast<size_t>(format::dtype_info(dtype)->block_bytes);
  size_t from = random_() % (pool.size() / size) * size;
  while (bytes > 0) {
    const uint64_t count = std::min<uint64_t>(bytes, pool.size() - from);
    KT_TRY(piece(std::span(pool).subspan(from, count)));
    bytes -= count;
    from = 0;
  }
  return {};
}

Status RandomBlocks::write(GgufWriter& out, int32_t dtype, uint64_t bytes, float deviation) {
  return cut(dtype, bytes, deviation, [&out](std::span<const std::byte> piece) { return out.write(piece); });
}

void RandomBlocks::fill(std::span<std::byte> out, int32_t dtype, float deviation) {
  const auto copy = [&out](std::span<const std::byte> piece) {
    std::copy(piece.begin(), piece.end(), out.begin());
    out = out.subspan(piece.size());
    return Status();
  };
  (void)cut(dtype, out.size(), deviation, copy).ok();  // copying cannot fail
}

}  // namespace kt::synth
