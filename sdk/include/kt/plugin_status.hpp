// The outcome of an operator's function: nothing wrong, or a status with one sentence for the host.
#ifndef KT_PLUGIN_STATUS_HPP
#define KT_PLUGIN_STATUS_HPP

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "kt/abi.h"

namespace kt {

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(KtStatus code, std::string text) : code_(code), text_(std::move(text)) {}

  bool ok() const { return code_ == KT_OK; }
  KtStatus code() const { return code_; }
  const std::string& text() const { return text_; }

 private:
  KtStatus code_ = KT_OK;
  std::string text_;
};

inline Status error(std::string sentence) { return {KT_ERROR, std::move(sentence)}; }
inline Status invalid(std::string sentence) { return {KT_INVALID, std::move(sentence)}; }
inline Status unsupported(std::string sentence) { return {KT_UNSUPPORTED, std::move(sentence)}; }

// Thrown by views whose contract is broken (a wrong element type or rank); becomes KT_INVALID before it reaches the host.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Calls f() -> Status; its sentence, or that of an exception, goes into the host's error sink. Nothing gets past it.
template <class F>
KtStatus guard(const KtHost& host, F&& f) noexcept {
  try {
    const Status status = std::forward<F>(f)();
    if (!status.ok()) host.set_error(status.text().c_str());
    return status.code();
  } catch (const std::bad_alloc&) {
    host.set_error("out of memory");
    return KT_OUT_OF_MEMORY;
  } catch (const Failure& failure) {
    host.set_error(failure.what());
    return KT_INVALID;
  } catch (const std::exception& failure) {
    host.set_error(failure.what());
    return KT_ERROR;
  } catch (...) {
    host.set_error("an exception of an unknown type was thrown");
    return KT_ERROR;
  }
}

}  // namespace kt

#endif
