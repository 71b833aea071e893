#include "core/serve/ngram_drafter.h"

#include <algorithm>

namespace kt::core {

// FNV-1a over the `count` tokens before `end`.
uint64_t NgramDrafter::hash_before(size_t end, size_t count) const {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = end - count; i < end; ++i) hash = (hash ^ static_cast<uint32_t>(text_[i])) * 0x100000001b3;
  return hash;
}

void NgramDrafter::accept(int32_t id) {
  if (most_ <= 0) return;
  // What ends here has a continuation only now; the last tokens themselves are not found before.
  const size_t end = text_.size();
  for (size_t count = kShortest; count <= std::min(kLongest, end); ++count) next_[count][hash_before(end, count)] = end;
  text_.push_back(id);
}

size_t NgramDrafter::find() const {
  const size_t end = text_.size();
  for (size_t count = std::min(kLongest, end); count >= kShortest; --count) {
    const auto it = next_[count].find(hash_before(end, count));
    const auto tokens = text_.end() - static_cast<std::ptrdiff_t>(count);
    if (it != next_[count].end() &&
        std::equal(tokens, text_.end(), text_.begin() + static_cast<std::ptrdiff_t>(it->second - count)))
      return it->second;
  }
  return 0;
}

std::span<const int32_t> NgramDrafter::draft(int32_t room) {
  draft_.clear();
  if (most_ <= 0 || room <= 0) return draft_;
  if (pause_ > 0) {
    --pause_;
    return draft_;
  }
  const size_t from = find(), count = static_cast<size_t>(std::min(room, length_));
  if (from == 0) return draft_;
  // What lies behind the end of the text is what was guessed: a repetition goes on as it began.
  for (size_t i = 0; i < count; ++i) {
    const size_t at = from + i;
    draft_.push_back(at < text_.size() ? text_[at] : draft_[at - text_.size()]);
  }
  return draft_;
}

void NgramDrafter::judge(int32_t drafted, int32_t accepted) {
  if (drafted == 0) return;
  if (accepted == drafted) {
    length_ = std::min(most_, 2 * length_);
  } else {
    length_ = std::max(1, accepted);
  }
  misses_ = accepted > 0 ? 0 : misses_ + 1;
  if (misses_ > 1) pause_ = std::min(kLongestPause, 1 << std::min(misses_ - 1, 8));
}

}  // namespace kt::core
