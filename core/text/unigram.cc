#include "core/text/unigram.h"

#include <algorithm>
#include <limits>

#include "core/text/byte_level.h"
#include "core/text/byte_range.h"
#include "core/text/utf8.h"

namespace kt::core {
namespace {

constexpr double kUnknownPenalty = 10;  // below the least likely token

}  // namespace

Unigram::Unigram(const Vocabulary* vocabulary, std::vector<double> scores, UnigramOptions options,
                 const std::vector<bool>& is_control)
    : scores_(std::move(scores)), options_(options) {
  double lowest = 0;
  for (const double score : scores_) lowest = std::min(lowest, score);
  unknown_score_ = lowest - kUnknownPenalty;
  for (int32_t id = 0; id < vocabulary->size(); ++id)
    if (!vocabulary->piece(id).empty() && !is_control[static_cast<size_t>(id)]) tokens_.insert(vocabulary->piece(id), id);
  for (int byte = 0; byte < 256; ++byte) bytes_[byte] = vocabulary->find(fallback_token(static_cast<unsigned char>(byte)));
}

// best[i]: the best last step of a path that ends at byte i.
std::vector<Unigram::Best> Unigram::best_paths(std::string_view piece) const {
  std::vector<Best> best(piece.size() + 1, {-std::numeric_limits<double>::infinity(), 0, -1});
  best[0].score = 0;
  const auto offer = [&](size_t begin, size_t end, double score, int32_t token) {
    if (best[begin].score + score > best[end].score) best[end] = {best[begin].score + score, begin, token};
  };
  for (size_t begin = 0; begin < piece.size();) {
    const size_t next = std::min(piece.size(), begin + code_point_size(static_cast<unsigned char>(piece[begin])));
    bool covers_character = false;
    tokens_.walk(piece, begin, [&](size_t end, int32_t token) {
      offer(begin, end, scores_[static_cast<size_t>(token)], token);
      covers_character |= end == next;
    });
    if (!covers_character) offer(begin, next, unknown_score_, -1);
    begin = next;
  }
  return best;
}

void Unigram::append_unknown(std::string_view text, std::vector<int32_t>* ids) const {
  if (options_.byte_fallback) {
    const bool has_all =
        std::all_of(text.begin(), text.end(), [&](char c) { return bytes_[static_cast<unsigned char>(c)] >= 0; });
    if (has_all) {
      for (const char c : text) ids->push_back(bytes_[static_cast<unsigned char>(c)]);
      return;
    }
  }
  if (options_.unk >= 0) ids->push_back(options_.unk);
}

void Unigram::encode(std::string_view piece, std::vector<int32_t>* ids) const {
  const std::vector<Best> best = best_paths(piece);
  std::vector<ByteRange> steps;
  for (size_t end = piece.size(); end > 0; end = best[end].begin) steps.push_back({best[end].begin, end});
  std::reverse(steps.begin(), steps.end());
  for (size_t i = 0; i < steps.size(); ++i) {
    ByteRange range = steps[i];
    if (best[range.end].token >= 0) {
      ids->push_back(best[range.end].token);
      continue;
    }
    while (i + 1 < steps.size() && best[steps[i + 1].end].token < 0) range.end = steps[++i].end;  // neighbours are one token
    append_unknown(piece.substr(range.begin, range.size()), ids);
  }
}

}  // namespace kt::core
