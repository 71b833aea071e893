// Texts by their beginnings: finds which of many begin at a place.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kt::core {

class TextTrie {
 public:
  // `value` is not negative; an empty text is not kept.
  void insert(std::string_view text, int32_t value);
  // Calls visit(end, value) for every text that begins at `begin`, the longest last.
  template <class Visit>
  void walk(std::string_view text, size_t begin, const Visit& visit) const {
    int32_t node = roots_[static_cast<unsigned char>(text[begin])];
    for (size_t end = begin + 1; node >= 0; ++end) {
      const Node& here = nodes_[static_cast<size_t>(node)];
      if (here.value >= 0) visit(end, here.value);
      node = end < text.size() ? child(node, static_cast<unsigned char>(text[end])) : -1;
    }
  }
  bool empty() const { return nodes_.empty(); }

 private:
  struct Node {
    int32_t first_child = -1, sibling = -1, value = -1;
    unsigned char byte = 0;
  };
  static constexpr std::array<int32_t, 256> no_roots() {
    std::array<int32_t, 256> none{};
    none.fill(-1);
    return none;
  }
  int32_t child(int32_t node, unsigned char byte) const;

  std::array<int32_t, 256> roots_ = no_roots();
  std::vector<Node> nodes_;
};

}  // namespace kt::core
