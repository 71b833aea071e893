// Pieces of text and their ids, in both directions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kt::core {

class Vocabulary {
 public:
  void reserve(size_t count);
  // False if the piece or the id is taken already. An empty piece takes its id but is never found.
  bool add(std::string_view piece, int32_t id);

  int32_t find(std::string_view piece) const;  // -1: absent
  bool has(int32_t id) const { return id >= 0 && static_cast<size_t>(id) < taken_.size() && taken_[static_cast<size_t>(id)]; }
  const std::string& piece(int32_t id) const;                            // empty: absent
  int32_t size() const { return static_cast<int32_t>(pieces_.size()); }  // largest id + 1
  size_t count() const { return count_; }                                // ids in use

 private:
  size_t slot_of(std::string_view piece) const;
  void grow(size_t slots);

  std::vector<std::string> pieces_;
  std::vector<bool> taken_;
  std::vector<int32_t> slots_;  // open addressing, a power of two, -1: free
  size_t count_ = 0;
};

}  // namespace kt::core
