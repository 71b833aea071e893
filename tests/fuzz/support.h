// What the fuzz targets share: files in memory-backed folders, the model libraries, and a check that ends the process.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/plugin/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace kt::core::fuzz {

// A find: the fuzzer keeps the input of a process that aborts.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

// Every refusal is of one of the families of exit codes and says something.
inline void require_refusal(const Error& error) {
  const int code = exit_code(error.code);
  require(code >= 1 && code <= 9, "an error's exit code is 1 to 9");
  require(!error.message.empty(), "an error has a message");
}

inline std::string_view text_of(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// A folder of this process, in memory where the system has such a place; removed at exit.
class Folder {
 public:
  Folder() {
    std::error_code ignored;
    const std::filesystem::path shared = "/dev/shm";
    const auto base = std::filesystem::is_directory(shared, ignored) ? shared : std::filesystem::temp_directory_path();
    std::string name = (base / "kt-fuzz-XXXXXX").string();
    require(mkdtemp(name.data()) != nullptr, "a temporary folder can be made");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, std::string_view bytes) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline const Registry& model_registry() {
  static const std::unique_ptr<Registry> registry = [] {
    auto out = std::make_unique<Registry>();
    out->load_folders({KT_MODEL_FOLDER});
    require(!out->models().empty(), "the model libraries were found");
    return out;
  }();
  return *registry;
}

}  // namespace kt::core::fuzz
