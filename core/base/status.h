// Errors as values: Status and Result<T>, with the code, place and hint that a user is shown.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kt::core {

// A place in a text file; lines and columns count from 1, 0 means unknown.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

// One failure. `code` is the number of KT-Exxxx; its hundreds give the exit code (see exit_code()).
struct Error {
  int code = 1;
  std::string message;  // what failed, on what, why
  std::string hint;     // what to do about it; may be empty
  Place place;          // empty file: the error belongs to no text file
  std::string rest;     // further errors found with it, as text, a line each

  // "FILE:LINE:COL: error[KT-E0203]: TEXT\n  hint: TEXT", or "kt: error[KT-E0203]: TEXT" without a file.
  std::string text() const;
};

// Exit codes of the program; the error families of 100 codes map onto them.
enum class Exit : int { kOk = 0, kRuntime = 1, kUsage = 2, kRules = 3, kModel = 4, kMemory = 5, kPlugin = 6, kFeature = 7, kNetwork = 8, kCheck = 9 };

// 00xx runtime, 01xx usage, 02xx and 03xx rules and configuration, 04xx model files, 05xx memory, 06xx plugins,
// 07xx hardware features, 08xx network, 09xx checks.
int exit_code(int error_code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
  Status(const Status& other) : error_(other.error_ ? std::make_unique<Error>(*other.error_) : nullptr) {}
  Status(Status&&) noexcept = default;
  Status& operator=(Status other) noexcept { error_ = std::move(other.error_); return *this; }

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }
  Error take_error() && { return std::move(*error_); }
  // The same failure with "CONTEXT: " before its message.
  Status with_context(std::string_view context) &&;

 private:
  std::unique_ptr<Error> error_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : value_(std::in_place_index<1>, std::move(error)) {}
  Result(Status status) : value_(std::in_place_index<1>, std::move(status).take_error()) {}

  bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(value_); }
  const T& value() const& { return std::get<0>(value_); }
  T&& value() && { return std::get<0>(std::move(value_)); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(value_); }
  Status status() const { return ok() ? Status() : Status(error()); }
  Error take_error() && { return std::get<1>(std::move(value_)); }

 private:
  std::variant<T, Error> value_;
};

inline Error fail(int code, std::string message, std::string hint = {}) {
  return Error{code, std::move(message), std::move(hint), {}, {}};
}
inline Error fail_at(Place place, int code, std::string message, std::string hint = {}) {
  return Error{code, std::move(message), std::move(hint), std::move(place), {}};
}

namespace detail {
inline void take_value(Status&&) {}
template <class T>
T take_value(Result<T>&& result) { return std::move(result).value(); }
}  // namespace detail

}  // namespace kt::core

// Evaluates to the value of a Result (or to nothing for a Status); returns the error from the enclosing function.
#define KT_TRY(expression)                                                        \
  ({                                                                              \
    auto kt_try_ = (expression);                                                  \
    if (!kt_try_.ok()) return std::move(kt_try_).take_error();                    \
    ::kt::core::detail::take_value(std::move(kt_try_));                           \
  })
