#include "apps/quantize/quantize.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>

#include "apps/quantize/same_graph.h"
#include "apps/quantize/tensor_rows.h"
#include "core/exec/thread_team.h"
#include "core/quantize/quantizer.h"
#include "core/tensor/shape.h"
#include "kt/format/dtype.h"

namespace kt::quantize {

using namespace core;
namespace {

constexpr int64_t kChunkElements = 4 << 20;  // values in memory at once

bool has_blocks(int32_t dtype) { return kt::format::dtype_info(dtype)->block_elements > 1; }

class PlanWriter {
 public:
  PlanWriter(const WeightStore& store, GgufWriter& out, const QuantizePlan& plan, const QuantizeOptions& options)
      : store_(store), out_(out), plan_(plan), options_(options), team_(std::max(options.threads, 1)) {}

  Status write(const PlannedTensor& planned) {
    const TensorRows rows = KT_TRY(TensorRows::open(*planned.tensor, store_));
    const auto kept = planned.dtype == planned.tensor->source_dtype ? rows.bytes() : std::vector<std::span<const std::byte>>();
    for (const auto part : kept) KT_TRY(out_.write(part));
    if (kept.empty()) KT_TRY(convert(planned, rows));
    for (const TensorPart& part : planned.tensor->parts) store_.release(*part.tensor);
    done_ += planned.bytes;
    report(0);
    return {};
  }

 private:
  Status convert(const PlannedTensor& planned, const TensorRows& rows) {
    const int64_t columns = rows.columns(), group = rows.group();
    const auto row_bytes = static_cast<size_t>(*kt::format::row_bytes(planned.dtype, columns));
    const int64_t step = std::max<int64_t>(1, kChunkElements / std::max<int64_t>(1, columns * group)) * group;
    for (int64_t first = 0; first < rows.rows(); first += step) {
      const int64_t count = std::min(step, rows.rows() - first);
      values_.resize(static_cast<size_t>(count * columns));
      blocks_.resize(static_cast<size_t>(count) * row_bytes);
      const Chunk chunk{this, &planned, &rows, first, group, columns, row_bytes};
      team_.parallel_for(count / group, std::max<int64_t>(1, 16 / group), run_chunk, const_cast<Chunk*>(&chunk));
      if (failure_) return std::move(*failure_).with_context("tensor '" + planned.tensor->name + "'");
      KT_TRY(out_.write(blocks_));
      report(static_cast<uint64_t>(first + count) * row_bytes);
    }
    return {};
  }

  struct Chunk {
    PlanWriter* self;
    const PlannedTensor* planned;
    const TensorRows* rows;
    int64_t first, group, columns;
    size_t row_bytes;
  };

  static void run_chunk(void* user, int64_t begin, int64_t end, int32_t) {
    const Chunk& c = *static_cast<const Chunk*>(user);
    float* values = c.self->values_.data() + begin * c.group * c.columns;
    c.rows->read(c.first + begin * c.group, (end - begin) * c.group, values);
    for (int64_t row = begin * c.group; row < end * c.group; ++row) {
      const std::span<const float> in(c.self->values_.data() + row * c.columns, static_cast<size_t>(c.columns));
      const std::span<std::byte> out(c.self->blocks_.data() + static_cast<size_t>(row) * c.row_bytes, c.row_bytes);
      if (Status status = quantize_row(c.planned->dtype, in, {}, out); !status.ok())
        c.self->keep(std::move(status), c.first + row);
    }
  }

  void keep(Status status, int64_t row) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(status).with_context("row " + std::to_string(row));
  }

  void report(uint64_t within) const {
    if (options_.progress)
      options_.progress(static_cast<double>(done_ + within) / static_cast<double>(std::max<uint64_t>(plan_.bytes, 1)));
  }

  const WeightStore& store_;
  GgufWriter& out_;
  const QuantizePlan& plan_;
  const QuantizeOptions& options_;
  ThreadTeam team_;
  std::vector<float> values_;
  std::vector<std::byte> blocks_;
  uint64_t done_ = 0;
  std::mutex mutex_;
  std::optional<Status> failure_;
};

PlannedTensor planned(const FileTensor& tensor, int32_t wanted) {
  PlannedTensor out{.tensor = &tensor, .wanted = wanted};
  out.dtype = fitting_type(wanted, tensor.shape.empty() ? 1 : tensor.shape.back());
  out.bytes_before = tensor_bytes(tensor.source_dtype, tensor.shape).value_or(0);
  out.is_requantized = out.dtype != tensor.source_dtype && has_blocks(tensor.source_dtype) && has_blocks(out.dtype);
  return out;
}

MixModel mix_model(const ModelFile& file) {
  MixModel out{.tied_head = true};
  for (const FileTensor& tensor : file.tensors) {
    const TensorPlace place = tensor_place(tensor.name);
    out.layers = std::max(out.layers, place.layer + 1);
    out.tied_head = out.tied_head && place.stem != "output";
  }
  return out;
}

Status check_space(const std::string& path, uint64_t bytes) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  const auto space = std::filesystem::space(folder.empty() ? "." : folder, error);
  if (error || space.available >= bytes) return {};
  return fail(12,
              path + ": needs " + std::to_string(bytes >> 20) + " MiB, of which " + std::to_string(space.available >> 20) +
                  " MiB are free",
              "free space, or write to another disk");
}

// The header of the new file against the folder: what GGUF cannot say would otherwise be lost without a word.
Status check_conversion(const Registry& registry, const Workspace& workspace, const std::string& path) {
  const auto written = KT_TRY(Workspace::open(registry, path, {}, true));
  const std::string difference = graph_difference(workspace.graph(), written->graph());
  if (difference.empty()) return {};
  return fail(406,
              workspace.source().path + ": a GGUF file of this architecture cannot say all that config.json says: " + difference,
              "use the folder as it is");
}

}  // namespace

Result<QuantizePlan> plan_types(const ModelFile& file, const Graph& graph, const TypeMix* mix, const Recipe* recipe) {
  QuantizePlan out;
  if (mix && !recipe) out.file_type = mix->file_type;
  std::vector<const Node*> nodes;
  for (const FileTensor& tensor : file.tensors) nodes.push_back(tensor.node);
  const auto rules = recipe ? KT_TRY(match_recipe(*recipe, graph, nodes)) : std::vector<const RecipeRule*>(nodes.size());
  const MixModel model = mix_model(file);
  for (size_t i = 0; i < file.tensors.size(); ++i) {
    const FileTensor& tensor = file.tensors[i];
    const TypeMix* chosen = mix;
    if (rules[i]) chosen = rules[i]->type.text == "keep" ? nullptr : KT_TRY(find_mix(rules[i]->type.text));
    const TensorPlace place = tensor_place(tensor.name);
    const bool is_float = stays_float(place, tensor.shape);
    PlannedTensor entry = planned(tensor, is_float ? int32_t{KT_F32}
                                          : chosen ? type_in_mix(*chosen, place, model)
                                                   : tensor.source_dtype);
    const auto bytes = tensor_bytes(entry.dtype, tensor.shape);
    if (!bytes) return fail(409, "tensor '" + tensor.name + "' of shape " + shape_text(tensor.shape) + " has no size");
    entry.bytes = *bytes;
    out.bytes += entry.bytes;
    out.bytes_before += entry.bytes_before;
    out.parameters += *element_count(tensor.shape);
    out.tensors.push_back(entry);
  }
  return out;
}

Status write_plan(const Registry& registry, const Workspace& workspace, const ModelFile& file, const QuantizePlan& plan,
                  const std::string& path, const QuantizeOptions& options) {
  KT_TRY(check_space(path, plan.bytes));
  GgufWriter::Metadata metadata = file.metadata;
  if (plan.file_type) metadata.emplace_back("general.file_type", gguf_u32(*plan.file_type));
  metadata.emplace_back("general.quantization_version", gguf_u32(2));
  std::vector<GgufWriteTensor> table;
  for (const PlannedTensor& entry : plan.tensors) table.push_back({entry.tensor->name, entry.dtype, entry.tensor->shape});
  const auto out = KT_TRY(GgufWriter::create(path, metadata, std::move(table)));
  PlanWriter writer(*workspace.source().weights, *out, plan, options);
  bool is_checked = !file.is_converted;
  for (const PlannedTensor& entry : plan.tensors) {
    if (!is_checked && entry.tensor->values.empty()) {  // the tensors that the configuration is made of stand first
      KT_TRY(out->reserve());
      KT_TRY(check_conversion(registry, workspace, out->partial_path()));
      is_checked = true;
    }
    KT_TRY(writer.write(entry));
  }
  return out->finish();
}

}  // namespace kt::quantize
