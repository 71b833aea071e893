// A loaded plugin or model library: opened by absolute path, its table checked before any other function of it runs.
#pragma once

#include <memory>
#include <string>

#include "core/base/status.h"
#include "kt/abi.h"

namespace kt::core {

class Library {
 public:
  // Opens the file, calls kt_plugin_entry once and checks magic, ABI version and struct size of its table.
  // KT-E0602: cannot be opened; KT-E0603: no or failing entry point; KT-E0604: another ABI (found and wanted are named).
  static Result<std::shared_ptr<Library>> open(const std::string& absolute_path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const KtPlugin& table() const { return *table_; }
  const std::string& path() const { return path_; }

 private:
  struct Handle;
  Library();
  Status call_entry();
  Status check_table() const;

  std::string path_;
  std::unique_ptr<Handle> handle_;
  const KtPlugin* table_ = nullptr;
};

}  // namespace kt::core
