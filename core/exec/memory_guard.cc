#include "core/exec/memory_guard.h"

#include <algorithm>
#include <cstring>

namespace kt::core {
namespace {

constexpr std::byte kPattern{0xC5};
constexpr int64_t kElementBytes = 4;  // of every value that flows between nodes

}  // namespace

// From the first element to behind the last, with what lies between its rows.
MemoryGuard::Range MemoryGuard::extent(const KtTensor& tensor) {
  int64_t last = 0;
  bool empty = false;
  for (int32_t d = 0; d < tensor.rank; ++d) {
    empty = empty || tensor.shape[d] == 0;
    last += (tensor.shape[d] - 1) * tensor.stride[d];
  }
  std::byte* const begin = static_cast<std::byte*>(tensor.data) + tensor.offset;
  return {begin, empty ? begin : begin + (last + 1) * kElementBytes};
}

void MemoryGuard::watch(Range range, std::string behind, bool pattern) {
  if (range.begin >= range.end) return;
  watched_.push_back({range, std::move(behind), pattern, {range.begin, range.end}});
  if (pattern) std::fill(range.begin, range.end, kPattern);
}

void MemoryGuard::set(const KtCall& call, uint64_t scratch) {
  watched_.clear();
  const auto overlaps = [](Range a, Range b) { return a.begin < b.end && b.begin < a.end; };
  for (uint32_t i = 0; i < call.output_count; ++i) {
    Range behind{extent(*call.outputs[i]).end, extent(*call.outputs[i]).end + kBytes};
    for (uint32_t j = 0; j < call.output_count; ++j)  // other outputs may follow at once, or lie around it as views of one block
      if (const Range other = extent(*call.outputs[j]); j != i && overlaps(behind, other))
        behind.end = std::max(behind.begin, other.begin);
    const bool is_read = std::any_of(call.inputs, call.inputs + call.input_count,
                                     [&](const KtTensor* input) { return overlaps(behind, extent(*input)); });
    watch(behind, "output " + std::to_string(i), !is_read);
  }
  if (call.scratch) {
    std::byte* const end = static_cast<std::byte*>(call.scratch) + scratch;
    watch({end, end + kBytes}, "the scratch memory of " + std::to_string(scratch) + " bytes", true);
  }
}

Status MemoryGuard::check() {
  Status out;
  // In the opposite order: ranges that overlap are given back as the first one found them.
  for (auto it = watched_.rbegin(); it != watched_.rend(); ++it) {
    const size_t size = it->held.size();
    const std::vector<std::byte> wanted = it->pattern ? std::vector<std::byte>(size, kPattern) : it->held;
    const auto first = std::mismatch(wanted.begin(), wanted.end(), it->range.begin).first;
    if (first != wanted.end() && out.ok())
      out = fail(619, "it wrote " + std::to_string(first - wanted.begin()) + " bytes behind " + it->behind,
                 "report it to the plugin's author; kt plugins check tries the plugin; bind another operator with --rules");
    if (it->pattern) std::memcpy(it->range.begin, it->held.data(), size);
  }
  watched_.clear();
  return out;
}

}  // namespace kt::core
