#include "core/plan/arena.h"

#include <algorithm>
#include <numeric>

namespace kt::core {
namespace {

constexpr uint64_t kAlign = 64;

bool alive_together(const Lifetime& a, const Lifetime& b) { return a.first_step <= b.last_step && b.first_step <= a.last_step; }

}  // namespace

uint64_t place(std::vector<Lifetime>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a].bytes > values[b].bytes; });
  uint64_t total = 0;
  std::vector<const Lifetime*> placed;  // by offset
  for (const size_t index : order) {
    Lifetime& value = values[index];
    const uint64_t bytes = (value.bytes + kAlign - 1) / kAlign * kAlign;
    uint64_t offset = 0;
    for (const Lifetime* other : placed) {
      if (!alive_together(value, *other)) continue;
      if (offset + bytes <= other->offset) break;
      offset = std::max(offset, other->offset + (other->bytes + kAlign - 1) / kAlign * kAlign);
    }
    value.offset = offset;
    total = std::max(total, offset + bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &value, [](auto* a, auto* b) { return a->offset < b->offset; }), &value);
  }
  return total;
}

}  // namespace kt::core
