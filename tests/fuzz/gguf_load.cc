// A GGUF file as far as its graph, its weights' places and its tokenizer: what every verb does first.
#include "core/exec/weights.h"
#include "core/io/model_source.h"
#include "core/plugin/model_builder.h"
#include "core/serve/chat.h"
#include "tests/fuzz/support.h"

namespace kt::core::fuzz {
namespace {

Status load(const std::string& path) {
  const ModelSource source = KT_TRY(open_model(path));
  for (const TensorEntry& tensor : source.weights->tensors()) {
    const auto whole = source.weights->files()[static_cast<size_t>(tensor.file_index)]->bytes();
    require(tensor.data >= whole.data() && tensor.bytes <= static_cast<uint64_t>(whole.data() + whole.size() - tensor.data),
            "a tensor lies inside its file");
  }
  KT_TRY(load_tokenizer(source));
  BuiltModel model = KT_TRY(build_model(model_registry(), source.config, source.weights.get()));
  const NameTable names(model.names, model.name_count, source.config.source());
  return join_weights(*model.graph, names, *source.weights);
}

}  // namespace
}  // namespace kt::core::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core::fuzz;
  static const Folder folder;
  const auto loaded = load(folder.write("model.gguf", text_of(data, size)));
  if (!loaded.ok()) require_refusal(loaded.error());
  return 0;
}
