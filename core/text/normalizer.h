// Rewrites text before it is cut into pieces.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/text/token_pattern.h"

namespace kt::core {

class Normalizer {
 public:
  enum class Kind { kNfc, kNfd, kNfkc, kNfkd, kLowercase, kStripAccents, kPrepend, kReplace, kStrip };
  struct Step {
    Kind kind;
    std::string content = {};        // kPrepend, kReplace
    TokenPattern pattern = {};       // kReplace
    bool left = true, right = true;  // kStrip
  };

  Normalizer() = default;
  explicit Normalizer(std::vector<Step> steps) : steps_(std::move(steps)) {}
  // The value of "normalizer". KT-E0420, also if the steps together can make texts grow without measure.
  static Result<Normalizer> read(const Json& value);

  bool empty() const { return steps_.empty(); }
  // `text` is valid UTF-8. `*keeps_start` becomes false if its first character was removed.
  std::string apply(std::string_view text, bool* keeps_start = nullptr) const;

 private:
  std::vector<Step> steps_;
};

// Unicode normalisation in time n log n.
std::string normalize_unicode(std::string_view text, bool compose, bool compatible);

}  // namespace kt::core
