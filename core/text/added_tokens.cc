#include "core/text/added_tokens.h"

#include <algorithm>

#include "core/text/text_fields.h"
#include "core/text/utf8.h"

namespace kt::core {
namespace {

bool begins_with_word(std::string_view text) {
  size_t at = 0;
  return !text.empty() && is_word(next_code_point(text, &at));
}

bool touches_word(std::string_view text, size_t begin, size_t end) {
  return (begin > 0 && is_word(last_code_point(text.substr(0, begin)))) || begins_with_word(text.substr(end));
}

size_t white_space_before(std::string_view text, size_t begin) {
  while (begin > 0) {
    const char32_t c = last_code_point(text.substr(0, begin));
    if (!is_white_space(c)) break;
    do --begin;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80);
  }
  return begin;
}

size_t white_space_behind(std::string_view text, size_t end) {
  for (size_t at = end; at < text.size() && is_white_space(next_code_point(text, &at));) end = at;
  return end;
}

bool is_inside(std::span<const ByteRange> ranges, size_t begin, size_t end) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), begin, [](size_t at, const ByteRange& range) { return at < range.begin; });
  return after != ranges.begin() && end <= std::prev(after)->end;
}

}  // namespace

bool AddedToken::is_control() const {
  if (special) return true;
  return content.size() > 2 &&
         ((content.starts_with('<') && content.ends_with('>')) || (content.starts_with('[') && content.ends_with(']')));
}

Status AddedTokens::add(AddedToken token, std::string_view searched) {
  const std::string where = "added token " + std::to_string(token.id);
  if (token.content.empty()) return bad_tokenizer(where, "its content is empty");
  if (token.content.size() > kMaxContent || searched.size() > kMaxContent)
    return bad_tokenizer(where, "its content is longer than " + std::to_string(kMaxContent) + " bytes");
  if (!by_content_.add(token.content, token.id))
    return bad_tokenizer(where, "its id or its content is used by another added token");
  if (static_cast<size_t>(token.id) >= index_.size()) index_.resize(static_cast<size_t>(token.id) + 1, -1);
  const auto index = static_cast<int32_t>(tokens_.size());
  index_[static_cast<size_t>(token.id)] = index;
  (token.normalized ? normalized_ : plain_).insert(searched, index);
  has_normalized_control_ |= token.normalized && token.is_control();
  tokens_.push_back(std::move(token));
  return {};
}

const AddedToken* AddedTokens::find(int32_t id) const {
  const bool known = id >= 0 && static_cast<size_t>(id) < index_.size() && index_[static_cast<size_t>(id)] >= 0;
  return known ? &tokens_[static_cast<size_t>(index_[static_cast<size_t>(id)])] : nullptr;
}

const AddedToken* AddedTokens::longest_at(std::string_view text, size_t begin, const TextTrie& trie,
                                          std::span<const ByteRange> allowed, size_t* end) const {
  const AddedToken* longest = nullptr;
  trie.walk(text, begin, [&](size_t stop, int32_t index) {
    const AddedToken& token = tokens_[static_cast<size_t>(index)];
    if (token.is_control() && !is_inside(allowed, begin, stop)) return;
    longest = &token;
    *end = stop;
  });
  return longest;
}

std::vector<TokenSpan> AddedTokens::split(std::string_view text, bool normalized, std::span<const ByteRange> allowed) const {
  const TextTrie& trie = normalized ? normalized_ : plain_;
  std::vector<TokenSpan> out;
  size_t done = 0;
  for (size_t at = 0; !trie.empty() && at < text.size();) {
    size_t end = 0;
    const AddedToken* token = longest_at(text, at, trie, allowed, &end);
    if (!token) {
      ++at;
      continue;
    }
    const size_t begin = at;
    at = end;
    if (token->single_word && touches_word(text, begin, end)) continue;
    const size_t from = token->lstrip ? std::max(white_space_before(text, begin), done) : begin;
    if (token->rstrip) end = white_space_behind(text, end);
    if (from > done) out.push_back({{done, from}, -1});
    out.push_back({{from, end}, token->id});
    done = end;
  }
  if (done < text.size()) out.push_back({{done, text.size()}, -1});
  return out;
}

}  // namespace kt::core
