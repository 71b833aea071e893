#include "core/text/vocabulary.h"

#include <functional>

namespace kt::core {

size_t Vocabulary::slot_of(std::string_view piece) const {
  size_t slot = std::hash<std::string_view>{}(piece) & (slots_.size() - 1);
  while (slots_[slot] >= 0 && pieces_[static_cast<size_t>(slots_[slot])] != piece) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void Vocabulary::grow(size_t slots) {
  slots_.assign(slots, -1);
  for (size_t id = 0; id < pieces_.size(); ++id)
    if (taken_[id] && !pieces_[id].empty()) slots_[slot_of(pieces_[id])] = static_cast<int32_t>(id);
}

void Vocabulary::reserve(size_t count) {
  size_t slots = 64;
  while (slots < 2 * count) slots *= 2;
  if (slots > slots_.size()) grow(slots);
  pieces_.reserve(count);
  taken_.reserve(count);
}

bool Vocabulary::add(std::string_view piece, int32_t id) {
  if (has(id) || find(piece) >= 0) return false;
  if (2 * (count_ + 1) > slots_.size()) grow(slots_.empty() ? 64 : 2 * slots_.size());
  if (static_cast<size_t>(id) >= pieces_.size()) {
    pieces_.resize(static_cast<size_t>(id) + 1);
    taken_.resize(static_cast<size_t>(id) + 1);
  }
  if (!piece.empty()) slots_[slot_of(piece)] = id;
  pieces_[static_cast<size_t>(id)] = piece;
  taken_[static_cast<size_t>(id)] = true;
  ++count_;
  return true;
}

int32_t Vocabulary::find(std::string_view piece) const { return slots_.empty() || piece.empty() ? -1 : slots_[slot_of(piece)]; }

const std::string& Vocabulary::piece(int32_t id) const {
  static const std::string kNone;
  return has(id) ? pieces_[static_cast<size_t>(id)] : kNone;
}

}  // namespace kt::core
