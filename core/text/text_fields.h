// Typed fields of JSON objects from files, with errors that name the key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/status.h"

namespace kt::core {

inline constexpr int kTokenizerError = 420;  // the tokenizer's description is wrong

// What is wrong with a tokenizer: "tokenizer: WHERE: WHY".
Error bad_tokenizer(std::string_view where, std::string_view why, std::string hint = {});

// Reads fields of one object; the first problem is kept in `status` and later reads give defaults. Missing fields and null
// give the default.
class TextFields {
 public:
  TextFields(const Json& object, std::string where);

  std::string text(const char* key, std::string_view otherwise = {});
  bool flag(const char* key, bool otherwise);
  int64_t integer(const char* key, int64_t otherwise);
  std::string required_text(const char* key);
  // The array at `key`, or null when it is missing.
  const Json* list(const char* key);
  const Json* object(const char* key);
  const Json* find(const char* key) const;

  const std::string& where() const { return where_; }
  std::string where(const char* key) const { return where_.empty() ? key : where_ + "." + key; }
  Status status;

 private:
  void wrong(const char* key, const char* expected);

  const Json& object_;
  std::string where_;
};

// A token id of a file: a whole number in [0, limit). Error: bad_tokenizer.
Result<int32_t> token_id(const Json& value, int64_t limit, const std::string& where);

// Largest number of ids that a vocabulary may have.
inline constexpr int64_t kMaxTokens = int64_t{1} << 24;

}  // namespace kt::core
