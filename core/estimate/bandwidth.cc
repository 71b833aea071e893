#include "core/estimate/bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/exec/buffer.h"

namespace kt::core {
namespace {

constexpr uint64_t kLeast = 64u << 20, kMostQuick = 128u << 20, kMost = 1u << 30;

// Bytes of all last-level caches, each counted once.
uint64_t cache_bytes() {
  uint64_t out = 0;
  std::set<std::string> seen;
  for (int cpu = 0;; ++cpu) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cache/index3/";
    std::ifstream size_file(folder + "size"), sharing_file(folder + "shared_cpu_list");
    uint64_t kilobytes = 0;
    std::string sharing;
    if (!(size_file >> kilobytes)) return out;  // "32768K"
    if (std::getline(sharing_file, sharing) && seen.insert(sharing).second) out += kilobytes << 10;
  }
}

uint64_t block_size(uint64_t cache, Effort effort) {
  return std::min(effort == Effort::kQuick ? kMostQuick : kMost, std::max(kLeast, (effort == Effort::kQuick ? 2 : 8) * cache));
}

uint64_t sum_of(const uint64_t* values, size_t count) {
  uint64_t parts[8] = {};
  for (size_t i = 0; i + 8 <= count; i += 8)
    for (size_t p = 0; p < 8; ++p) parts[p] += values[i + p];
  uint64_t out = 0;
  for (const uint64_t part : parts) out += part;
  return out;
}

// Every thread runs function(begin, end) on its part of the words.
template <class Function>
void share_out(int threads, size_t words, Function&& function) {
  std::vector<std::thread> team;
  for (int t = 0; t < threads; ++t)
    team.emplace_back(function, words * static_cast<size_t>(t) / static_cast<size_t>(threads),
                      words * static_cast<size_t>(t + 1) / static_cast<size_t>(threads));
  for (std::thread& thread : team) thread.join();
}

}  // namespace

Bandwidth measure_bandwidth(int threads, Effort effort) {
  const uint64_t cache = cache_bytes(), size = block_size(cache, effort);
  auto block = Buffer::allocate(size, true);
  if (!block.ok()) return {};
  auto* words = reinterpret_cast<uint64_t*>(block->data());
  const size_t count = size / sizeof(uint64_t);
  share_out(threads, count, [&](size_t begin, size_t end) { std::memset(words + begin, 1, (end - begin) * sizeof(uint64_t)); });
  std::atomic<uint64_t> sum{0};  // so that the reads are not left out
  double best = 0;
  for (int pass = 0; pass < (effort == Effort::kQuick ? 3 : 8); ++pass) {
    const auto start = std::chrono::steady_clock::now();
    share_out(threads, count, [&](size_t begin, size_t end) { sum += sum_of(words + begin, end - begin); });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (seconds > 0) best = std::max(best, static_cast<double>(size) / seconds);
  }
  return sum == 0 ? Bandwidth{} : Bandwidth{best, size < 2 * cache};
}

}  // namespace kt::core
