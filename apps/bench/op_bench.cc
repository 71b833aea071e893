#include "apps/bench/op_bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "apps/bench/node_run.h"
#include "apps/bench/routing.h"
#include "apps/bench/work.h"
#include "apps/synth/geometry.h"
#include "apps/synth/random_blocks.h"
#include "apps/synth/synth.h"
#include "core/plugin/model_builder.h"
#include "core/tensor/shape.h"
#include "kt/format/dtype.h"

namespace kt::bench {
namespace {

using core::Node;
using core::Result;
using core::Status;
using Clock = std::chrono::steady_clock;

constexpr float kDeviation = 0.02f;
constexpr int kDraws = 64;                                           // different routings, used in turn
constexpr int kCheckedRows = 2;                                      // rows compared with the reference
constexpr double kLeastSeconds = 0.2;                                // a repetition runs at least this long
constexpr int64_t kResidentExperts = 64, kResidentWideExperts = 32;  // of a model whose layer would not fit otherwise

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

void set_dtype(Node& node, int32_t dtype) {
  for (auto* list : {&node.own_weights, &node.weights})
    for (core::WeightSpec& weight : *list)
      if (weight.shape.size() > 1) weight.dtype = dtype;
  for (const auto& child : node.body) set_dtype(*child, dtype);
}

Node* find_class(Node& node, const std::string& class_name) {
  if (node.class_name == class_name) return &node;
  for (const auto& child : node.body)
    if (Node* found = find_class(*child, class_name)) return found;
  return nullptr;
}

// The experts of one layer: graph, node, and weights in memory.
struct Layer {
  core::BuiltModel model;
  Node* node = nullptr;
  std::vector<core::Buffer> buffers;
  WeightMemory weights;
  int64_t experts = 0, used = 0;
};

Result<core::BuiltModel> one_layer(const core::Registry& registry, const OpBenchOptions& options, int32_t dtype) {
  const auto& all = synth::geometries();
  const auto geometry =
      std::find_if(all.begin(), all.end(), [&](const synth::Geometry& g) { return g.name == options.geometry; });
  if (geometry == all.end()) return synth::unknown_geometry(options.geometry);
  const int64_t most = format::dtype_info(dtype)->block_bytes >= 2 && format::dtype_info(dtype)->block_elements == 1
                           ? kResidentWideExperts
                           : kResidentExperts;
  const int64_t kept = options.experts > 0 ? options.experts : geometry->experts > 128 ? most : geometry->experts;
  core::GgufMetadata metadata;
  for (auto& [key, value] : synth::describe(*geometry, {1, static_cast<int>(kept), 1024}).metadata)
    metadata.emplace(key, std::move(value));
  return core::build_model(registry, KT_TRY(core::ModelConfig::from_gguf(std::move(metadata), options.geometry)), nullptr);
}

Result<Layer> make_layer(const core::Registry& registry, const OpBenchOptions& options) {
  const auto* info = format::dtype_by_name(upper(options.type));
  if (!info || !synth::RandomBlocks::knows(info->dtype))
    return core::fail(102, "no random weights can be made of type '" + options.type + "'",
                      "for example bf16, q8_0, q4_0, q4_k, q6_k");
  Layer out;
  out.model = KT_TRY(one_layer(registry, options, info->dtype));
  out.node = find_class(*out.model.graph->root, "MoeExperts");
  if (!out.node) return core::fail(102, "geometry '" + options.geometry + "' has no experts");
  set_dtype(*out.node, info->dtype);
  synth::RandomBlocks blocks(1);
  for (const core::WeightSpec& spec : out.node->weights) {
    const auto bytes = core::tensor_bytes(spec.dtype, spec.shape);
    if (!bytes)
      return core::fail(102, "rows of " + std::to_string(spec.shape.back()) + " are no whole blocks of " + options.type);
    core::Buffer buffer = KT_TRY(core::Buffer::allocate(*bytes, true));
    blocks.fill({buffer.data(), *bytes}, spec.dtype, kDeviation);
    out.weights[spec.canonical] = buffer.data();
    out.buffers.push_back(std::move(buffer));
    out.experts = spec.shape[0];
  }
  out.used = out.model.graph->value(out.node->inputs[1]).shape.back();
  return out;
}

Result<core::StepBinding> choose(const core::Registry& registry, const Node& node, const OpBenchOptions& options) {
  int best = 0;
  core::StepBinding out;
  std::string reasons;
  for (const core::OperatorInfo* info : registry.all()) {
    if (info->implements != node.class_name || (!options.operator_name.empty() && info->name != options.operator_name)) continue;
    const auto values = option_values(*info, options.activations);
    const core::SupportAnswer answer = registry.supports(*info, node, values);
    if (answer.score <= 0) reasons += "; " + info->name + ": " + answer.reason;
    if (answer.score <= best) continue;
    best = answer.score;
    out = {info->name, info->device, values};
  }
  if (best > 0) return out;
  return core::fail(616,
                    "no operator for " + node.class_name +
                        (options.operator_name.empty() ? "" : " named '" + options.operator_name + "'") + reasons,
                    "kt plugins ls shows what is loaded");
}

// Inputs of one run: activations, and the experts of `draw` with equal weights.
void fill(const Layer& layer, uint64_t draw, int64_t rows, Values& values) {
  const core::Graph& graph = *layer.model.graph;
  for (const KtValue value : layer.node->inputs) values[value] = host_value(graph, value, rows);
  for (const KtValue value : layer.node->outputs) values[value] = host_value(graph, value, rows);
  std::mt19937_64 random(draw);
  std::normal_distribution<float> normal;
  for (float& x : values[layer.node->inputs[0]].elements) x = normal(random);
  const std::vector<int32_t> ids = draw_experts(draw, rows, layer.used, layer.experts);
  std::copy(ids.begin(), ids.end(), values[layer.node->inputs[1]].ints());
  std::fill_n(values[layer.node->inputs[2]].elements.begin(), ids.size(), 1.0f / static_cast<float>(layer.used));
}

Result<double> largest_error(const core::Registry& registry, core::ThreadTeam& team, const Layer& layer, NodeRunner& runner) {
  Values values;
  fill(layer, kDraws, kCheckedRows, values);
  Values reference = values;
  KT_TRY(runner.run(values, kCheckedRows, team));
  KT_TRY(run_by_reference(registry, *layer.node, layer.weights, reference, kCheckedRows, team));
  const auto& got = values[layer.node->outputs[0]].elements;
  const auto& wanted = reference[layer.node->outputs[0]].elements;
  double worst = 0, largest = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    worst = std::max(worst, std::fabs(double{got[i]} - wanted[i]));
    largest = std::max(largest, std::fabs(double{wanted[i]}));
  }
  return largest > 0 ? worst / largest : worst;
}

uint64_t draws_for(int rows) { return static_cast<uint64_t>(std::clamp(kDraws * 8 / rows, 4, kDraws)); }

double mean_distinct(const Layer& layer, int rows) {
  double sum = 0;
  for (uint64_t draw = 0; draw < draws_for(rows); ++draw)
    sum += static_cast<double>(distinct(draw_experts(draw, rows, layer.used, layer.experts)));
  return sum / static_cast<double>(draws_for(rows));
}

// Milliseconds of a run; every run of a repetition has another routing.
Result<Samples> time_runs(const Layer& layer, NodeRunner& runner, core::ThreadTeam& team, int rows, int repetitions) {
  std::vector<Values> draws(draws_for(rows));
  for (size_t draw = 0; draw < draws.size(); ++draw) fill(layer, draw, rows, draws[draw]);
  Samples out;
  size_t next = 0;
  for (int repetition = -1; repetition < repetitions; ++repetition) {
    int runs = 0;
    const auto start = Clock::now();
    double seconds = 0;
    while (seconds < kLeastSeconds || runs < 3) {
      KT_TRY(runner.run(draws[next++ % draws.size()], rows, team));
      ++runs;
      seconds = std::chrono::duration<double>(Clock::now() - start).count();
    }
    if (repetition >= 0) out.add(seconds / runs * 1e3);
  }
  return out;
}

}  // namespace

Result<OpReport> bench_experts(const core::Registry& registry, core::ThreadTeam& team, const OpBenchOptions& options,
                               const Limits& limits) {
  const Layer layer = KT_TRY(make_layer(registry, options));
  const core::StepBinding binding = KT_TRY(choose(registry, *layer.node, options));
  const int most = *std::max_element(options.tokens.begin(), options.tokens.end());
  NodeRunner runner =
      KT_TRY(NodeRunner::make(registry, *layer.node, binding, layer.weights, std::max(most, kCheckedRows), team.threads()));
  OpReport out;
  out.operator_name = binding.operator_name;
  out.numerics = registry.find(binding.operator_name)->numerics;
  out.max_err = KT_TRY(largest_error(registry, team, layer, runner));
  for (const int tokens : options.tokens) {
    OpRow row;
    row.tokens = tokens;
    row.experts = mean_distinct(layer, tokens);
    row.milliseconds = KT_TRY(time_runs(layer, runner, team, tokens, options.repetitions));
    const Work work = work_of(*layer.node, options.activations, tokens);
    const double seconds = row.milliseconds.median() * 1e-3;
    row.gflops = (work.f32 + work.bf16 + work.int8) / seconds * 1e-9;
    row.gb_s = work.bytes / seconds * 1e-9;
    const Bound bound = bound_of(work, limits);
    row.share_of_limit = bound.seconds / seconds;
    row.bound_by = bound.by;
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace kt::bench
