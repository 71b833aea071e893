// The index of a folder that has two files of weights.
#include <cstring>

#include "core/io/safetensors.h"
#include "tests/fuzz/support.h"

namespace {

std::string one_tensor(const std::string& name) {
  const std::string header = R"({")" + name + R"(":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const uint64_t size = header.size();
  std::string out(sizeof size, '\0');
  std::memcpy(out.data(), &size, sizeof size);
  return out + header + std::string(4, '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core::fuzz;
  static const Folder folder;
  static const bool is_ready = [] {
    folder.write("a.safetensors", one_tensor("a"));
    folder.write("b.safetensors", one_tensor("b"));
    return true;
  }();
  require(is_ready, "the folder has its files");
  folder.write("model.safetensors.index.json", text_of(data, size));
  const auto files = kt::core::open_safetensors_folder(folder.path());
  if (!files.ok()) {
    require_refusal(files.error());
    return 0;
  }
  for (const auto& file : *files) require(file.file->path().starts_with(folder.path() + "/"), "an index stays inside its folder");
  return 0;
}
