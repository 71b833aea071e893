#include "core/jinja/from_json.h"

#include <limits>

#include "core/text/utf8.h"

namespace kt::core::jinja {
namespace {

constexpr int kMaxDepth = 190;  // levels of a document

Text text_of(const std::string& bytes, bool is_input) {
  std::string repaired;
  return Text(valid_utf8(bytes, &repaired), is_input);
}

Result<Value> convert(const Json& json, bool is_input, int depth) {
  if (depth > kMaxDepth) return limit_reached("the document is nested deeper than " + std::to_string(kMaxDepth) + " levels");
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value(json.get<bool>());
    case Json::value_t::number_integer:
      return Value(json.get<int64_t>());
    case Json::value_t::number_unsigned:
      if (json.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        return failure("the integer " + json.dump() + " does not fit in 64 bits");
      return Value(json.get<int64_t>());
    case Json::value_t::number_float:
      return Value(json.get<double>());
    case Json::value_t::string: {
      Text text = text_of(json.get_ref<const std::string&>(), is_input);
      if (text.overflowed()) return limit_reached("a string is longer than " + std::to_string(kMaxTextBytes) + " bytes");
      return Value(std::move(text));
    }
    case Json::value_t::array: {
      std::vector<Value> items;
      for (const Json& item : json) items.push_back(KT_TRY(convert(item, is_input, depth + 1)));
      return make_list(std::move(items));
    }
    case Json::value_t::object: {
      Dict dict;
      for (const auto& [key, value] : json.items())
        dict.set(Value(text_of(key, is_input)), KT_TRY(convert(value, is_input, depth + 1)));
      return make_dict(std::move(dict));
    }
    default:
      return Value();
  }
}

}  // namespace

Result<Value> from_json(const Json& json, bool is_input) { return convert(json, is_input, 0); }

}  // namespace kt::core::jinja
