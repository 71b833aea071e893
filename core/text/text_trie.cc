#include "core/text/text_trie.h"

namespace kt::core {

int32_t TextTrie::child(int32_t node, unsigned char byte) const {
  int32_t at = nodes_[static_cast<size_t>(node)].first_child;
  while (at >= 0 && nodes_[static_cast<size_t>(at)].byte != byte) at = nodes_[static_cast<size_t>(at)].sibling;
  return at;
}

void TextTrie::insert(std::string_view text, int32_t value) {
  int32_t node = -1;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    int32_t next = node < 0 ? roots_[byte] : child(node, byte);
    if (next < 0) {
      next = static_cast<int32_t>(nodes_.size());
      nodes_.push_back({-1, node < 0 ? -1 : nodes_[static_cast<size_t>(node)].first_child, -1, byte});
      (node < 0 ? roots_[byte] : nodes_[static_cast<size_t>(node)].first_child) = next;
    }
    node = next;
  }
  if (node >= 0) nodes_[static_cast<size_t>(node)].value = value;
}

}  // namespace kt::core
