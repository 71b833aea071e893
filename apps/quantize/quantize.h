// Writes a model as a GGUF file with other types of weights.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/quantize/model_file.h"
#include "core/quantize/mix.h"
#include "core/rules/recipe.h"

namespace kt::quantize {

// What one tensor becomes.
struct PlannedTensor {
  const FileTensor* tensor = nullptr;
  int32_t dtype = 0;
  int32_t wanted = 0;  // differs from dtype where rows are no whole number of its blocks
  uint64_t bytes_before = 0, bytes = 0;
  bool is_requantized = false;  // its values have been rounded to another type with blocks before
};

struct QuantizePlan {
  std::vector<PlannedTensor> tensors;
  uint64_t bytes_before = 0, bytes = 0, parameters = 0;
  std::optional<uint32_t> file_type;  // none: no mix has a name for it
};

// The type of every tensor: as the recipe's first rule that matches says (null: no recipe), else under the mix (null: as it is).
// Borrows the file. Errors: as match_recipe().
core::Result<QuantizePlan> plan_types(const ModelFile& file, const core::Graph& graph, const core::TypeMix* mix,
                                      const core::Recipe* recipe);

struct QuantizeOptions {
  int threads = 1;
  std::function<void(double)> progress;  // 0..1
};

// Writes the plan to `path`; one tensor at a time, in memory some rows of it. The file of a folder is opened before its weights
// are written, and compared with the folder: KT-E0406 if they would not compute the same. KT-E0012 if the file cannot be written,
// also for want of space; KT-E0415 names a tensor whose values its type cannot hold.
core::Status write_plan(const core::Registry& registry, const core::Workspace& workspace, const ModelFile& file,
                        const QuantizePlan& plan, const std::string& path, const QuantizeOptions& options);

}  // namespace kt::quantize
