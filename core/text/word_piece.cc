#include "core/text/word_piece.h"

#include <algorithm>

namespace kt::core {

void WordPiece::encode(std::string_view piece, std::vector<int32_t>* ids) const {
  const auto characters =
      std::count_if(piece.begin(), piece.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  const size_t before = ids->size();
  bool known = static_cast<size_t>(characters) <= max_characters_;
  for (size_t begin = 0; known && begin < piece.size();) {
    size_t end = piece.size();
    int32_t id = -1;
    for (; end > begin; --end) {
      id = vocabulary_->find((begin > 0 ? prefix_ : "") + std::string(piece.substr(begin, end - begin)));
      if (id >= 0) break;
    }
    known = id >= 0;
    ids->push_back(id);
    begin = end;
  }
  if (known) return;
  ids->resize(before);
  ids->push_back(unk_);
}

}  // namespace kt::core
