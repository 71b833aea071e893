// Faults that a test asks for through the variable KT_FAKE_FAULTS.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace kt::fake {

class Faults {
 public:
  // Whether this is the N-th time since the variable was set that `kind` is asked, N being its value there.
  bool strikes(const std::string& kind);
  // The value of a key, or `fallback`.
  int64_t value(const std::string& key, int64_t fallback);

 private:
  void refresh();

  std::mutex mutex_;
  std::string text_;
  std::map<std::string, int64_t> values_;
  std::map<std::string, int64_t> counts_;
};

Faults& faults();  // the library's only one

}  // namespace kt::fake
