#include <algorithm>
#include <utility>

#include "plugins/cpu/kernels/rows.h"
#include "plugins/cpu/ops/operators.h"
#include "plugins/cpu/ops/work.h"

namespace kt::cpu {
namespace {

// (token, expert) pairs whose intermediate rows are held at once; longer batches are done in parts, which changes no bit.
constexpr int64_t kPairsAtOnce = 8192;
constexpr int64_t kOutputsAtOnce = 512;  // columns of a token that are summed at once

int64_t tokens_at_once(int64_t tokens, int64_t k) { return std::min(tokens, std::max<int64_t>(1, kPairsAtOnce / k)); }

kt::Support supports_silu(const kt::Node& node) {
  const std::string activation = node.text_or("activation", "silu");
  if (activation != "silu") return kt::no("the activation is '" + activation + "', not silu");
  return supports_weights(node, {"gate_proj.weight", "up_proj.weight", "down_proj.weight"});
}

}  // namespace

void Grouping::reserve(int64_t pairs, int64_t experts) {
  order.reserve(static_cast<size_t>(pairs));
  groups.reserve(static_cast<size_t>(experts));
  counts_.reserve(static_cast<size_t>(experts) + 1);
}

bool Grouping::make(const int32_t* ids, int64_t stride, int64_t tokens, int64_t k, int64_t experts) {
  counts_.assign(static_cast<size_t>(experts), 0);
  for (int64_t i = 0; i < tokens * k; ++i) {
    const int32_t id = ids[i / k * stride + i % k];
    if (id < 0 || id >= experts) return false;
    ++counts_[static_cast<size_t>(id)];
  }
  groups.clear();
  int64_t begin = 0;
  for (int64_t e = 0; e < experts; ++e) {
    int64_t& count = counts_[static_cast<size_t>(e)];
    if (count > 0) groups.push_back({e, begin, count});
    begin += std::exchange(count, begin);  // now where the expert's rows begin
  }
  order.resize(static_cast<size_t>(tokens * k));
  for (int64_t i = 0; i < tokens * k; ++i)
    order[static_cast<size_t>(counts_[static_cast<size_t>(ids[i / k * stride + i % k])]++)] = static_cast<int32_t>(i);
  return true;
}

// What the steps of one chunk share.
struct GatedExperts::Rows {
  int64_t tokens = 0, k = 1;
  bool routed = false;  // else every token belongs to expert 0 with weight 1
  const kt::Rows<const float>* x = nullptr;
  const kt::Rows<const float>* weights = nullptr;
  const kt::Rows<float>* y = nullptr;
  int64_t first = 0;  // token of x and y that is token 0 here

  ConvertedRows gate_input, up_input;  // by token; the same rows if both weights want the same form
  const void** gate_sorted = nullptr;  // by place in the order
  const void** up_sorted = nullptr;
  float* hidden = nullptr;         // [pairs in order, inter]
  ConvertedRows hidden_converted;  // by place in the order
  float* products = nullptr;       // [pairs, dim]; pair = token * k + slot

  int64_t pairs() const { return tokens * k; }
};

kt::Status GatedExperts::prepare(const kt::Weights& weights, Arithmetic arithmetic) {
  gate_ = read_matrix(weights.get("gate_proj.weight"), arithmetic);
  up_ = read_matrix(weights.get("up_proj.weight"), arithmetic);
  down_ = read_matrix(weights.get("down_proj.weight"), arithmetic);
  const bool same = gate_.rows == up_.rows && gate_.columns == up_.columns && gate_.experts.size() == up_.experts.size();
  if (!same || down_.columns != gate_.rows || down_.experts.size() != gate_.experts.size())
    return kt::invalid("the shapes of gate_proj, up_proj and down_proj do not belong together");
  grouping_.reserve(kPairsAtOnce, static_cast<int64_t>(gate_.experts.size()));
  return {};
}

uint64_t GatedExperts::place(Rows& rows, int64_t tokens, unsigned char* base) const {
  Carver carver(base);
  const int64_t pairs = tokens * rows.k;
  rows.gate_input = ConvertedRows::take(carver, gate_.kernel.form, gate_.columns, tokens);
  const bool shared = gate_.kernel.form == up_.kernel.form;
  rows.up_input = shared ? rows.gate_input : ConvertedRows::take(carver, up_.kernel.form, up_.columns, tokens);
  rows.gate_sorted = carver.take<const void*>(pairs);
  rows.up_sorted = carver.take<const void*>(pairs);
  rows.hidden = carver.take<float>(pairs * gate_.rows);
  rows.hidden_converted = ConvertedRows::take(carver, down_.kernel.form, down_.columns, pairs);
  rows.products = carver.take<float>(rows.routed ? pairs * down_.rows : 0);
  return carver.used();
}

uint64_t GatedExperts::scratch_size(int64_t tokens, int64_t k, bool routed) const {
  Rows rows;
  rows.k = k;
  rows.routed = routed;
  return place(rows, tokens_at_once(tokens, k), nullptr);
}

// Items of a step are the panels of the first group's expert, then those of the next.
Panel GatedExperts::panel_of(const Matrix& matrix, int64_t item) const {
  return matrix.panel(grouping_.groups[static_cast<size_t>(item / matrix.panels())].expert, item % matrix.panels());
}

kt::Status GatedExperts::convert_inputs(kt::Call& call, Rows& rows) {
  const bool shared = gate_.kernel.form == up_.kernel.form;
  return for_items(call, rows.tokens, convert_cost(gate_.columns), [&](int64_t t) {
    const float* x = (*rows.x)[rows.first + t];
    rows.gate_input.convert(gate_.kernel.form, gate_.columns, x, t);
    if (!shared) rows.up_input.convert(up_.kernel.form, up_.columns, x, t);
  });
}

kt::Status GatedExperts::gate_and_up(kt::Call& call, Rows& rows) {
  const auto groups = static_cast<int64_t>(grouping_.groups.size());
  const double cost = 2 * panel_cost(gate_, rows.pairs() / groups);
  return for_ranges(call, groups * gate_.panels(), cost, [&](int64_t begin, int64_t end) {
    ask_for(panel_of(gate_, begin));
    for (int64_t item = begin; item < end; ++item) {
      Panel gate = panel_of(gate_, item), up = panel_of(up_, item);
      gate.then(up);
      if (item + 1 < end) up.then(panel_of(gate_, item + 1));
      gate_and_up_panel(rows, item, gate, up);
    }
  });
}

void GatedExperts::gate_and_up_panel(Rows& rows, int64_t item, const Panel& gate_rows, const Panel& up_rows) const {
  alignas(64) float gate[kRowsAtOnce * kPanelRows];
  alignas(64) float up[kRowsAtOnce * kPanelRows];
  const void* gate_x[kRowsAtOnce];
  const void* up_x[kRowsAtOnce];
  const Grouping::Group& group = grouping_.groups[static_cast<size_t>(item / gate_.panels())];
  const int64_t panel = item % gate_.panels();
  for (int64_t first = 0; first < group.count; first += kRowsAtOnce) {
    const int64_t begin = group.begin + first, count = std::min(kRowsAtOnce, group.count - first);
    for (int64_t t = 0; t < count; ++t) {
      const int64_t token = grouping_.order[static_cast<size_t>(begin + t)] / rows.k;
      gate_x[t] = rows.gate_input.at[token];
      up_x[t] = rows.up_input.at[token];
    }
    gate_.kernel.run(gate_rows, gate_x, count, gate);
    up_.kernel.run(up_rows, up_x, count, up);
    swiglu_row(gate, up, gate, count * kPanelRows);
    for (int64_t t = 0; t < count; ++t)
      std::copy_n(gate + t * kPanelRows, gate_rows.rows, rows.hidden + (begin + t) * gate_.rows + panel * kPanelRows);
  }
}

kt::Status GatedExperts::convert_hidden(kt::Call& call, Rows& rows) {
  return for_items(call, rows.pairs(), convert_cost(down_.columns), [&](int64_t i) {
    rows.hidden_converted.convert(down_.kernel.form, down_.columns, rows.hidden + i * down_.columns, i);
  });
}

kt::Status GatedExperts::down(kt::Call& call, Rows& rows) {
  const auto groups = static_cast<int64_t>(grouping_.groups.size());
  return for_ranges(call, groups * down_.panels(), panel_cost(down_, rows.pairs() / groups), [&](int64_t begin, int64_t end) {
    ask_for(panel_of(down_, begin));
    for (int64_t item = begin; item < end; ++item) {
      Panel weight = panel_of(down_, item);
      if (item + 1 < end) weight.then(panel_of(down_, item + 1));
      down_panel(rows, item, weight);
    }
  });
}

void GatedExperts::down_panel(Rows& rows, int64_t item, const Panel& weight) const {
  alignas(64) float tile[kRowsAtOnce * kPanelRows];
  const Grouping::Group& group = grouping_.groups[static_cast<size_t>(item / down_.panels())];
  const int64_t panel = item % down_.panels();
  for (int64_t first = 0; first < group.count; first += kRowsAtOnce) {
    const int64_t begin = group.begin + first, count = std::min(kRowsAtOnce, group.count - first);
    down_.kernel.run(weight, rows.hidden_converted.at + begin, count, tile);
    for (int64_t t = 0; t < count; ++t) {
      const int64_t pair = grouping_.order[static_cast<size_t>(begin + t)];
      float* to = rows.routed ? rows.products + pair * down_.rows : (*rows.y)[rows.first + pair];
      std::copy_n(tile + t * kPanelRows, weight.rows, to + panel * kPanelRows);
    }
  }
}

kt::Status GatedExperts::sum_slots(kt::Call& call, Rows& rows) {
  const int64_t pieces = (down_.rows + kOutputsAtOnce - 1) / kOutputsAtOnce;
  return for_items(call, rows.tokens * pieces, 20.0 * static_cast<double>(rows.k), [&](int64_t item) {
    const int64_t token = item / pieces, begin = item % pieces * kOutputsAtOnce;
    weighted_sum_row(rows.products + token * rows.k * down_.rows + begin, down_.rows, (*rows.weights)[rows.first + token], rows.k,
                     (*rows.y)[rows.first + token] + begin, std::min(kOutputsAtOnce, down_.rows - begin));
  });
}

// Loops, and no region with barriers between the steps: a thread that another program has displaced is not waited for.
kt::Status GatedExperts::run_chunk(kt::Call& call, Rows& rows) {
  kt::Status status = convert_inputs(call, rows);
  if (status.ok()) status = gate_and_up(call, rows);
  if (status.ok()) status = convert_hidden(call, rows);
  if (status.ok()) status = down(call, rows);
  if (status.ok() && rows.routed) status = sum_slots(call, rows);
  return status;
}

kt::Status GatedExperts::run(kt::Call& call, kt::In in, kt::Out out, int64_t k) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  if (x.dim() != gate_.columns || y.dim() != down_.rows)
    return kt::invalid("the input's or output's width is not that of the weights");
  const bool routed = in.size() == 3;
  static const int32_t kFirst = 0;
  const int32_t* ids = routed ? in[1].data<int32_t>() : &kFirst;
  const int64_t id_stride = routed ? in[1].stride(0) : 0;
  const kt::Rows<const float> weights = in[routed ? 2 : 0].rows<float>();
  const auto experts = static_cast<int64_t>(gate_.experts.size());
  const int64_t step = tokens_at_once(x.count(), k);
  if (scratch_size(step, k, routed) > call.raw().scratch_size)
    return kt::invalid("the scratch memory is smaller than the rows need");
  for (int64_t first = 0; first < x.count(); first += step) {
    Rows rows;
    rows.k = k;
    rows.tokens = std::min(step, x.count() - first);
    rows.x = &x;
    rows.y = &y;
    rows.routed = routed;
    rows.weights = &weights;
    rows.first = first;
    if (!grouping_.make(ids + first * id_stride, id_stride, rows.tokens, k, experts))
      return kt::invalid("an expert's number is outside the layer's " + std::to_string(experts) + " experts");
    place(rows, rows.tokens, call.scratch());
    if (const kt::Status status = run_chunk(call, rows); !status.ok()) return status;
  }
  return {};
}

kt::Support Mlp::supports(const kt::Node& node) { return supports_silu(node); }

kt::Status Mlp::create(const kt::Node&, const kt::Options& options) {
  std::string text;
  const kt::Status status = options.read("activations", text);
  if (status.ok()) arithmetic_ = parse_arithmetic(text);
  return status;
}

kt::Support Moe::supports(const kt::Node& node, const kt::Options& options) {
  const std::string tile = options.text_or("tile", "auto");
  if (tile != "auto" && tile != kTileName)
    return kt::no("the loaded library computes with tile '" + std::string(kTileName) + "', not '" + tile + "'");
  if (node.input_count() != 3) return kt::no("the node has not the inputs x, ids and weights");
  return supports_silu(node);
}

kt::Status Moe::create(const kt::Node& node, const kt::Options& options) {
  k_ = node.input_width(1);
  std::string text;
  const kt::Status status = options.read("activations", text);
  if (status.ok()) arithmetic_ = parse_arithmetic(text);
  return status;
}

}  // namespace kt::cpu
