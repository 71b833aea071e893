// The merges of byte-pair encoding: which two tokens join to which, and in what order.
#pragma once

#include <cstdint>
#include <vector>

namespace kt::core {

class MergeTable {
 public:
  struct Merge {
    uint64_t pair;   // left << 32 | right
    int32_t rank;    // lower is earlier
    int32_t merged;  // -1: a free slot
  };

  void reserve(size_t count) {
    size_t slots = 64;
    while (slots < 2 * count) slots *= 2;
    if (slots > slots_.size()) grow(slots);
  }

  // A pair that is known already takes the new rank.
  void add(int32_t left, int32_t right, int32_t rank, int32_t merged) {
    if (2 * (count_ + 1) > slots_.size()) grow(slots_.empty() ? 64 : 2 * slots_.size());
    Merge& slot = slots_[slot_of(key(left, right))];
    count_ += slot.merged < 0;
    slot = {key(left, right), rank, merged};
  }

  const Merge* find(int32_t left, int32_t right) const {
    if (slots_.empty()) return nullptr;
    const Merge& slot = slots_[slot_of(key(left, right))];
    return slot.merged < 0 ? nullptr : &slot;
  }

 private:
  static uint64_t key(int32_t left, int32_t right) { return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right); }

  size_t slot_of(uint64_t pair) const {
    uint64_t hash = (pair ^ pair >> 29) * 0x9E3779B97F4A7C15u;
    size_t slot = (hash ^ hash >> 32) & (slots_.size() - 1);
    while (slots_[slot].merged >= 0 && slots_[slot].pair != pair) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }

  void grow(size_t slots) {
    std::vector<Merge> old = std::move(slots_);
    slots_.assign(slots, {0, 0, -1});
    for (const Merge& merge : old)
      if (merge.merged >= 0) slots_[slot_of(merge.pair)] = merge;
  }

  std::vector<Merge> slots_;  // open addressing, a power of two
  size_t count_ = 0;
};

}  // namespace kt::core
