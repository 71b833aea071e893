// The option values of one binding, as operators read them through KtHost.
#pragma once

#include <map>
#include <string>

// Values as text; defaults are filled in by bind(), so every declared option is present.
struct KtOptions {
  std::map<std::string, std::string, std::less<>> values;
};
