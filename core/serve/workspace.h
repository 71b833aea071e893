// A model opened by its headers: files, configuration, graph. What inspect, rules and plan need, and what a runtime starts from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/exec/weights.h"
#include "core/io/model_source.h"
#include "core/plugin/model_builder.h"
#include "core/plugin/registry.h"

namespace kt::core {

class Workspace {
 public:
  // Opens `model` (a path, or a name looked up in `model_folders`), builds its graph and joins it with the files' headers.
  // Without weights in the folder the graph keeps float32 as the type of every weight. Errors: KT-E04xx.
  static Result<std::unique_ptr<Workspace>> open(const Registry& registry, const std::string& model, const std::vector<std::string>& model_folders,
                                                 bool need_weights);

  // Gives weights the types of a file quantised to `type`, where there are no files to say them. KT-E0102.
  Status assume_types(const std::string& type);

  // Which weights share a tensor of the files; with no files each has a name of its own.
  std::string shared_name(const WeightSpec& spec) const;

  const ModelSource& source() const { return source_; }
  const Graph& graph() const { return *model_.graph; }
  const std::string& family() const { return model_.family; }
  const NameTable& names() const { return *names_; }
  // The same weights' names in files of a kind that need not be this one.
  NameTable names_in(KtSource source) const { return NameTable(model_.names, model_.name_count, source); }

 private:
  Workspace() = default;

  ModelSource source_;
  BuiltModel model_;
  std::unique_ptr<NameTable> names_;
};

// `model` itself if it is a path, or the folder of an installed model with that name. KT-E0402 with did-you-mean.
Result<std::string> find_model(const std::string& model, const std::vector<std::string>& model_folders);

}  // namespace kt::core
