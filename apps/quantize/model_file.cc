#include "apps/quantize/model_file.h"

#include <algorithm>
#include <map>
#include <set>

#include "apps/quantize/folder_metadata.h"
#include "core/tensor/shape.h"

namespace kt::quantize {

using namespace core;
namespace {

// Keys that are about the old file rather than the model.
bool is_of_file(const std::string& key) {
  return key == "general.alignment" || key == "general.file_type" || key == "general.quantization_version" ||
         key.starts_with("split.");
}

ModelFile describe_gguf(const Workspace& workspace) {
  ModelFile out;
  const GgufMetadata& metadata = *workspace.source().config.gguf();
  for (const bool first : {true, false})  // readers look for the architecture at the beginning
    for (const auto& [key, value] : metadata)
      if ((key == "general.architecture") == first && !is_of_file(key)) out.metadata.emplace_back(key, value);

  const WeightStore& store = *workspace.source().weights;
  std::map<std::string, const Node*> nodes;
  for (const Node* node : workspace.graph().nodes())
    for (const WeightSpec& spec : node->own_weights)
      if (const auto source = workspace.names().find(spec, store); source.ok())
        for (const TensorEntry* tensor : source->tensors) nodes.try_emplace(tensor->name, node);
  for (const TensorEntry& tensor : store.tensors()) {
    FileTensor entry{.name = tensor.name, .shape = tensor.shape, .source_dtype = tensor.dtype, .parts = {{&tensor, 0}}};
    if (const auto node = nodes.find(tensor.name); node != nodes.end()) entry.node = node->second;
    out.tensors.push_back(std::move(entry));
  }
  return out;
}

class FolderDescriber {
 public:
  explicit FolderDescriber(const Workspace& workspace)
      : workspace_(workspace), store_(*workspace.source().weights), names_(workspace.names_in(KT_SOURCE_GGUF)) {}

  Result<ModelFile> run() {
    FolderMetadata metadata = KT_TRY(folder_metadata(workspace_.source()));
    interleaved_rows_ = metadata.interleaved_rows;
    out_.metadata = std::move(metadata.keys);
    out_.is_converted = true;
    if (!metadata.rope_divisors.empty())
      out_.tensors.push_back({.name = "rope_freqs.weight",
                              .shape = {static_cast<int64_t>(metadata.rope_divisors.size())},
                              .source_dtype = KT_F32,
                              .values = std::move(metadata.rope_divisors)});
    for (const Node* node : workspace_.graph().nodes())
      for (const WeightSpec& spec : node->own_weights) KT_TRY(add(*node, spec));
    return std::move(out_);
  }

 private:
  Status add(const Node& node, const WeightSpec& spec) {
    if (!seen_.insert(workspace_.shared_name(spec)).second) return {};  // a tied head
    FileTensor tensor;
    const KtNameRow* row = names_.first_row(spec, &tensor.name);
    if (!row || row->transform == KT_STACK)
      return fail(408, "GGUF has no name for the weight '" + spec.canonical + "'",
                  "give a GGUF file of the model instead of its folder");
    const WeightSource source = KT_TRY(workspace_.names().find(spec, store_));
    tensor.node = &node;
    tensor.shape = spec.shape;
    tensor.source_dtype = source.tensors[0]->dtype;
    tensor.parts = parts_of(spec, source);
    if (row->transform == KT_TRANSPOSE_LAST) {
      tensor.order = RowOrder::kTransposed;
      std::swap(tensor.shape[tensor.shape.size() - 1], tensor.shape[tensor.shape.size() - 2]);
    }
    const bool is_turned = tensor.name.find(".attn_q.") != std::string::npos || tensor.name.find(".attn_k.") != std::string::npos;
    if (interleaved_rows_ > 0 && is_turned) {
      tensor.order = RowOrder::kInterleavedHalves;
      tensor.head_rows = interleaved_rows_;
    }
    if (tensor.shape.size() == 2 && tensor.shape[0] == 1) tensor.shape.erase(tensor.shape.begin());  // as converters write gates
    out_.tensors.push_back(std::move(tensor));
    return {};
  }

  static std::vector<TensorPart> parts_of(const WeightSpec& spec, const WeightSource& source) {
    std::vector<TensorPart> out;
    if (source.row && source.row->transform == KT_HEAD_ROWS) {
      for (int64_t head = 0; head < spec.shape[0]; ++head)
        out.push_back({source.tensors[0], head * source.row->stride + source.row->begin});
      return out;
    }
    for (const TensorEntry* tensor : source.tensors) out.push_back({tensor, 0});
    return out;
  }

  const Workspace& workspace_;
  const WeightStore& store_;
  const NameTable names_;
  int64_t interleaved_rows_ = 0;
  std::set<std::string> seen_;
  ModelFile out_;
};

}  // namespace

Result<ModelFile> describe_file(const Workspace& workspace) {
  if (workspace.source().kind == ModelSource::Kind::kGguf) return describe_gguf(workspace);
  return FolderDescriber(workspace).run();
}

}  // namespace kt::quantize
