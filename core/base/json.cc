#include "core/base/json.h"

#include <set>
#include <vector>

namespace kt::core {
namespace {

Place place_of(std::string_view text, size_t offset, const std::string& file) {
  Place place{file, 1, 1};
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    place.column = text[i] == '\n' ? 1 : place.column + 1;
    place.line += text[i] == '\n';
  }
  return place;
}

// Builds the document while counting depth and keys; the first problem stops the parse.
class Builder {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (depth > limits_.depth) problem_ = "nesting deeper than " + std::to_string(limits_.depth);
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end && !keys_.empty()) keys_.pop_back();
    if (event == Event::key && limits_.unique_keys && !keys_.back().insert(parsed.get<std::string>()).second)
      problem_ = "duplicate key '" + parsed.get<std::string>() + "'";
    if (!problem_.empty()) throw std::runtime_error(problem_);
    return true;
  }
  const std::string& problem() const { return problem_; }

 private:
  JsonLimits limits_;
  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& file, const JsonLimits& limits) {
  Builder builder(limits);
  try {
    return Json::parse(text.begin(), text.end(), std::ref(builder));
  } catch (const Json::parse_error& error) {
    const size_t offset = error.byte > 0 ? error.byte - 1 : 0;
    return fail_at(place_of(text, offset, file), 401, "invalid JSON at byte " + std::to_string(offset),
                   "the file is damaged or not JSON; fetch it again");
  } catch (const std::exception& error) {
    const std::string why = builder.problem().empty() ? error.what() : builder.problem();
    return fail_at(Place{file, 0, 0}, 401, "invalid JSON: " + why);
  }
}

}  // namespace kt::core
