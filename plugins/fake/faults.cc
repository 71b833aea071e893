#include "plugins/fake/faults.h"

#include <cstdlib>
#include <sstream>

namespace kt::fake {

Faults& faults() {
  static Faults only;
  return only;
}

void Faults::refresh() {
  const char* set = std::getenv("KT_FAKE_FAULTS");
  const std::string text = set ? set : "";
  if (text == text_) return;
  text_ = text;
  values_.clear();
  counts_.clear();
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');)
    if (const size_t equals = item.find('='); equals != std::string::npos)
      values_[item.substr(0, equals)] = std::strtoll(item.c_str() + equals + 1, nullptr, 10);
}

bool Faults::strikes(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  refresh();
  const auto it = values_.find(kind);
  return it != values_.end() && ++counts_[kind] == it->second;
}

int64_t Faults::value(const std::string& key, int64_t fallback) {
  const std::lock_guard lock(mutex_);
  refresh();
  const auto it = values_.find(key);
  return it == values_.end() ? fallback : it->second;
}

}  // namespace kt::fake
