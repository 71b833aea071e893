#include "core/base/json.h"

#include <unordered_set>
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

// Receives the parser's events and builds the document, in time linear in the number of keys; the first problem stops the parse.
class Builder {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() { return add(Json()); }
  bool boolean(bool value) { return add(Json(value)); }
  bool number_integer(number_integer_t value) { return add(Json(value)); }
  bool number_unsigned(number_unsigned_t value) { return add(Json(value)); }
  bool number_float(number_float_t value, const string_t&) { return add(Json(value)); }
  bool string(string_t& value) { return add(Json(std::move(value))); }
  bool binary(binary_t&) { return false; }
  bool start_object(size_t) { return open(Json::object()); }
  bool start_array(size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(string_t& name) {
    Level& level = levels_.back();
    auto& members = *level.value->get_ptr<Json::object_t*>();
    if (limits_.unique_keys && is_repeated(level, members, name)) return stop("duplicate key '" + name + "'");
    members.emplace_back(std::move(name), Json());
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) {
    bad_byte_ = position > 0 ? position - 1 : 0;
    is_syntax_ = dynamic_cast<const Json::parse_error*>(&error) != nullptr;
    problem_ = error.what();
    return false;
  }

  Json take() { return std::move(root_); }
  bool is_syntax() const { return is_syntax_; }
  size_t bad_byte() const { return bad_byte_; }
  const std::string& problem() const { return problem_; }

 private:
  // Objects with few keys are searched one by one.
  static constexpr size_t kFewKeys = 16;

  struct Level {
    Json* value;
    std::unordered_set<std::string> keys;  // filled beyond kFewKeys
  };

  static bool is_repeated(Level& level, const Json::object_t& members, const std::string& name) {
    if (members.size() < kFewKeys) {
      for (const auto& [key, value] : members)
        if (key == name) return true;
      return false;
    }
    if (level.keys.empty())
      for (const auto& [key, value] : members) level.keys.insert(key);
    return !level.keys.insert(name).second;
  }

  Json* place(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *levels_.back().value;
    if (parent.is_object()) {
      Json& slot = parent.get_ptr<Json::object_t*>()->back().second;
      slot = std::move(value);
      return &slot;
    }
    auto& items = *parent.get_ptr<Json::array_t*>();
    items.push_back(std::move(value));
    return &items.back();
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (static_cast<int>(levels_.size()) >= limits_.depth) return stop("nesting deeper than " + std::to_string(limits_.depth));
    levels_.push_back({place(std::move(value)), {}});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  bool stop(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  JsonLimits limits_;
  Json root_;
  std::vector<Level> levels_;
  std::string problem_;
  size_t bad_byte_ = 0;
  bool is_syntax_ = false;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& file, const JsonLimits& limits) {
  Builder builder(limits);
  if (Json::sax_parse(text.begin(), text.end(), &builder)) return builder.take();
  if (builder.is_syntax())
    return fail_at(place_of(text, builder.bad_byte(), file), 401, "invalid JSON at byte " + std::to_string(builder.bad_byte()),
                   "the file is damaged or not JSON; fetch it again");
  return fail_at(Place{file, 0, 0}, 401, "invalid JSON: " + builder.problem());
}

}  // namespace kt::core
