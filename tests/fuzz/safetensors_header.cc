// The bytes as a safetensors file, and as the JSON header of one whose length is right.
#include "core/io/safetensors_header.h"

#include "core/io/safetensors.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core;
  using namespace kt::core::fuzz;
  static const Folder folder;
  folder.write("model.safetensors", text_of(data, size));
  const auto files = open_safetensors_folder(folder.path());
  if (!files.ok()) {
    require_refusal(files.error());
  } else {
    for (const SafetensorsFile& file : *files)
      for (const SafetensorsTensor& tensor : file.tensors)
        require(tensor.offset <= size && tensor.bytes <= size - tensor.offset, "a tensor lies inside its file");
  }
  const auto header = parse_safetensors_header(text_of(data, size), "model.safetensors");
  if (!header.ok()) require_refusal(header.error());
  return 0;
}
