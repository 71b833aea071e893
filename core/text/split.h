// Text cut into pieces, and how matches of a pattern cut it further.
#pragma once

#include <string>
#include <vector>

#include "core/text/byte_range.h"
#include "core/text/token_pattern.h"

namespace kt::core {

// One text with the pieces that are left of it, in order, none empty.
struct Pieces {
  std::string text;
  std::vector<ByteRange> ranges;
  bool at_start = true;  // the text begins where the whole input begins

  std::string_view operator[](size_t i) const { return std::string_view(text).substr(ranges[i].begin, ranges[i].size()); }
  bool is_first(size_t i) const { return at_start && ranges[i].begin == 0; }
};

enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

// Cuts every piece at the matches of `pattern` (`invert`: at what lies between them).
void split_pieces(const TokenPattern& pattern, SplitBehavior behavior, bool invert, Pieces* pieces);

}  // namespace kt::core
