// What a library says about itself before it is loaded: the YAML text in its section .kt_manifest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

struct Manifest {
  std::string name;
  std::string version;
  int abi_major = 0, abi_minor = 0;
  std::vector<std::string> isa;      // processor features it needs
  std::vector<std::string> devices;  // kinds of device it serves
  int priority = 0;                  // of several libraries of one plugin the highest usable one is loaded
};

// KT-E0601 with the key that is missing or wrong. Unknown keys are ignored: newer manifests may have more.
Result<Manifest> parse_manifest(std::string_view text, const std::string& path);

}  // namespace kt::core
