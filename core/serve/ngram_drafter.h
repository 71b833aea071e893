// Guesses how a text goes on from what followed its last tokens where they occurred before (prompt lookup).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace kt::core {

class NgramDrafter {
 public:
  // Guesses at most `most` tokens at a time; 0 guesses nothing.
  explicit NgramDrafter(int32_t most) : most_(most), length_(most) {}

  void accept(int32_t id);  // the next token of the text
  // At most `room` tokens, none if the last tokens are new to the text; valid until the next call. Guesses get shorter after
  // rejections and pause after several.
  std::span<const int32_t> draft(int32_t room);
  // How many of the last draft's tokens came true.
  void judge(int32_t drafted, int32_t accepted);

 private:
  static constexpr size_t kShortest = 2, kLongest = 4;  // tokens that must have occurred before
  static constexpr int32_t kLongestPause = 16;

  uint64_t hash_before(size_t end, size_t count) const;
  size_t find() const;  // where the text went on after its last tokens occurred before; 0: nowhere

  int32_t most_, length_;
  int32_t misses_ = 0, pause_ = 0;
  std::vector<int32_t> text_, draft_;
  std::array<std::unordered_map<uint64_t, size_t>, kLongest + 1>
      next_;  // [tokens]: hash of so many tokens, where they last ended
};

}  // namespace kt::core
