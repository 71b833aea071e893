// The whole check of one plugin library, each part of it in a child process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/conformance/operator_check.h"
#include "core/plugin/search.h"

namespace kt::conformance {

struct PluginCheck {
  std::string path, name, version;
  bool loaded = false;
  std::vector<std::string> load_problems;  // sentences; empty: the library is as it should be
  std::vector<std::string> undefined, exported,
      standard;                     // symbols that nobody provides, that must not show, of those the library's
  std::vector<std::string> models;  // families that it brings
  std::vector<OperatorResult> operators;

  int passed_operators() const;
  int checked_operators() const;
  bool passed() const;
};

// The library to check by path or by plugin name, with the libraries that lie beside it in `folders` and serve the same plugin:
// the first is the one to check. KT-E0609 if there is none of this name.
core::Result<std::vector<core::LibraryFile>> find_plugin(const std::string& path_or_name,
                                                         const std::vector<std::string>& folders);

// `target` as find_plugin() gives it; plugin ref is taken from `folders`. `progress` is told which part of the operators is done,
// 0..1. KT-E0901 if the case asked for does not exist or plugin ref is missing.
core::Result<PluginCheck> check_plugin(const std::vector<core::LibraryFile>& target, const std::vector<std::string>& folders,
                                       const CheckOptions& options, const std::function<void(double)>& progress);

}  // namespace kt::conformance
