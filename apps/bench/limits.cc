#include "apps/bench/limits.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "apps/bench/peak.h"
#include "core/exec/buffer.h"

namespace kt::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kBufferBytes = uint64_t{1} << 30;  // far larger than any cache
constexpr int64_t kRounds = 200000;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Reads a part of the buffer in eight independent sums.
uint64_t read_part(const uint64_t* from, size_t count) {
  uint64_t sums[8] = {};
  for (size_t i = 0; i + 8 <= count; i += 8)
    for (size_t j = 0; j < 8; ++j) sums[j] += from[i + j];
  uint64_t out = 0;
  for (const uint64_t sum : sums) out += sum;
  return out;
}

double read_bandwidth(core::ThreadTeam& team, double seconds) {
  auto buffer = core::Buffer::allocate(kBufferBytes, true);
  if (!buffer.ok()) return 0;
  std::memset(buffer->data(), 1, kBufferBytes);
  struct Pass {
    const uint64_t* data;
    std::vector<uint64_t> sums;
  } pass{reinterpret_cast<const uint64_t*>(buffer->data()), std::vector<uint64_t>(static_cast<size_t>(team.threads()))};
  const auto run = [](void* user, int32_t thread, int32_t threads) {
    Pass& p = *static_cast<Pass*>(user);
    const size_t part = kBufferBytes / sizeof(uint64_t) / static_cast<size_t>(threads);
    p.sums[static_cast<size_t>(thread)] += read_part(p.data + part * static_cast<size_t>(thread), part);
  };
  double best = 0;
  for (const auto begin = Clock::now(); seconds_since(begin) < seconds;) {
    const auto start = Clock::now();
    team.parallel_region(run, &pass);
    best = std::max(best, static_cast<double>(kBufferBytes) / seconds_since(start) * 1e-9);
  }
  return best;
}

double peak(core::ThreadTeam& team, PeakLoop loop, double seconds) {
  struct Pass {
    PeakLoop loop;
    std::vector<double> operations;
  } pass{loop, std::vector<double>(static_cast<size_t>(team.threads()))};
  const auto run = [](void* user, int32_t thread, int32_t) {
    Pass& p = *static_cast<Pass*>(user);
    p.operations[static_cast<size_t>(thread)] = p.loop(kRounds);
  };
  double best = 0;
  for (const auto begin = Clock::now(); seconds_since(begin) < seconds;) {
    const auto start = Clock::now();
    team.parallel_region(run, &pass);
    double operations = 0;
    for (const double part : pass.operations) operations += part;
    best = std::max(best, operations / seconds_since(start) * 1e-9);
  }
  return best;
}

}  // namespace

Limits measure_limits(core::ThreadTeam& team, double seconds) {
  Limits out;
  out.threads = team.threads();
  out.read_gb_s = read_bandwidth(team, seconds);
  out.f32_gflops = peak(team, f32_peak(), seconds);
  out.bf16_gflops = peak(team, bf16_peak(), seconds);
  out.int8_gops = peak(team, int8_peak(), seconds);
  return out;
}

}  // namespace kt::bench
