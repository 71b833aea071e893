#include "core/text/text_fields.h"

namespace kt::core {

Error bad_tokenizer(std::string_view where, std::string_view why, std::string hint) {
  return fail(kTokenizerError, "tokenizer: " + std::string(where) + ": " + std::string(why), std::move(hint));
}

TextFields::TextFields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) status = bad_tokenizer(where_, "must be an object");
}

const Json* TextFields::find(const char* key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void TextFields::wrong(const char* key, const char* expected) {
  if (status.ok()) status = bad_tokenizer(where(key), std::string("must be ") + expected);
}

std::string TextFields::text(const char* key, std::string_view otherwise) {
  const Json* value = find(key);
  if (!value) return std::string(otherwise);
  if (value->is_string()) return value->get<std::string>();
  wrong(key, "a string");
  return std::string(otherwise);
}

std::string TextFields::required_text(const char* key) {
  if (!find(key)) wrong(key, "a string, it is missing");
  return text(key);
}

bool TextFields::flag(const char* key, bool otherwise) {
  const Json* value = find(key);
  if (!value) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  wrong(key, "true or false");
  return otherwise;
}

int64_t TextFields::integer(const char* key, int64_t otherwise) {
  const Json* value = find(key);
  if (!value) return otherwise;
  if (value->is_number_integer() && !(value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX))
    return value->get<int64_t>();
  wrong(key, "a whole number");
  return otherwise;
}

const Json* TextFields::list(const char* key) {
  const Json* value = find(key);
  if (!value || value->is_array()) return value;
  wrong(key, "a list");
  return nullptr;
}

const Json* TextFields::object(const char* key) {
  const Json* value = find(key);
  if (!value || value->is_object()) return value;
  wrong(key, "an object");
  return nullptr;
}

Result<int32_t> token_id(const Json& value, int64_t limit, const std::string& where) {
  if (!value.is_number_integer()) return bad_tokenizer(where, "the id must be a whole number, it is " + value.dump());
  const bool huge = value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX;
  const int64_t id = huge ? INT64_MAX : value.get<int64_t>();
  if (id >= 0 && id < limit) return static_cast<int32_t>(id);
  return bad_tokenizer(where, "id " + value.dump() + " is outside [0, " + std::to_string(limit) + ")",
                       "the tokenizer and the model do not belong together, or the file is damaged");
}

}  // namespace kt::core
