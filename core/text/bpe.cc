#include "core/text/bpe.h"

#include <algorithm>

#include "core/text/byte_level.h"
#include "core/text/utf8.h"

namespace kt::core {

Bpe::Bpe(const Vocabulary* vocabulary, MergeTable merges, BpeOptions options, std::vector<bool> is_control)
    : vocabulary_(vocabulary), merges_(std::move(merges)), options_(std::move(options)), is_control_(std::move(is_control)) {
  for (int byte = 0; byte < 256; ++byte) bytes_[byte] = vocabulary->find(fallback_token(static_cast<unsigned char>(byte)));
}

void Bpe::encode(std::string_view piece, std::vector<int32_t>* ids) const {
  if (options_.ignore_merges) {
    const int32_t whole = vocabulary_->find(piece);
    if (whole >= 0 && !is_control_[static_cast<size_t>(whole)]) {
      ids->push_back(whole);
      return;
    }
  }
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  split(piece, &symbols);
  merge(&symbols);
  for (int32_t i = symbols.empty() ? -1 : 0; i >= 0; i = symbols[static_cast<size_t>(i)].next)
    ids->push_back(symbols[static_cast<size_t>(i)].id);
}

bool Bpe::append_bytes(std::string_view text, std::vector<Symbol>* symbols) const {
  for (const char c : text)
    if (bytes_[static_cast<unsigned char>(c)] < 0) return false;
  for (const char c : text) symbols->push_back({bytes_[static_cast<unsigned char>(c)], 0, 0});
  return true;
}

void Bpe::split(std::string_view piece, std::vector<Symbol>* symbols) const {
  bool unknown = false;  // an unknown token waits for the next known one
  std::string text;
  for (size_t at = 0; at < piece.size();) {
    const size_t begin = at;
    at = std::min(piece.size(), at + code_point_size(static_cast<unsigned char>(piece[at])));
    std::string_view character = piece.substr(begin, at - begin);
    if ((begin > 0 && !options_.prefix.empty()) || (at == piece.size() && !options_.suffix.empty())) {
      text = (begin > 0 ? options_.prefix : "") + std::string(character) + (at == piece.size() ? options_.suffix : "");
      character = text;
    }
    const int32_t id = vocabulary_->find(character);
    if (id >= 0) {
      if (unknown) symbols->push_back({options_.unk, 0, 0});
      unknown = false;
      symbols->push_back({id, 0, 0});
    } else if (options_.byte_fallback && append_bytes(character, symbols)) {
      continue;
    } else if (options_.unk >= 0) {
      if (unknown && !options_.fuse_unk) symbols->push_back({options_.unk, 0, 0});
      unknown = true;
    }
  }
  if (unknown) symbols->push_back({options_.unk, 0, 0});
  for (size_t i = 0; i < symbols->size(); ++i) {
    (*symbols)[i].previous = static_cast<int32_t>(i) - 1;
    (*symbols)[i].next = i + 1 < symbols->size() ? static_cast<int32_t>(i) + 1 : -1;
  }
}

void Bpe::merge(std::vector<Symbol>* symbols) const {
  std::vector<Candidate> heap;
  heap.reserve(symbols->size());
  const auto symbol = [&](int32_t i) -> Symbol& { return (*symbols)[static_cast<size_t>(i)]; };
  const auto candidate = [&](int32_t left) -> bool {
    const int32_t right = left >= 0 ? symbol(left).next : -1;
    if (right < 0) return false;
    const MergeTable::Merge* found = merges_.find(symbol(left).id, symbol(right).id);
    if (found) heap.push_back({found->rank, left, found->merged});
    return found != nullptr;
  };
  for (int32_t i = 0; i < static_cast<int32_t>(symbols->size()); ++i) candidate(i);
  std::make_heap(heap.begin(), heap.end());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate best = heap.back();
    heap.pop_back();
    Symbol& left = symbol(best.left);
    if (left.id < 0 || left.next < 0) continue;
    Symbol& right = symbol(left.next);
    const MergeTable::Merge* current = merges_.find(left.id, right.id);
    if (!current || current->merged != best.merged) continue;  // a neighbour was merged since
    left.id = best.merged;
    right.id = -1;
    left.next = right.next;
    if (left.next >= 0) symbol(left.next).previous = best.left;
    if (candidate(left.previous)) std::push_heap(heap.begin(), heap.end());
    if (candidate(best.left)) std::push_heap(heap.begin(), heap.end());
  }
}

}  // namespace kt::core
