#include <algorithm>

#include "plugins/cpu/kernels/transposed.h"
#include "plugins/cpu/ops/operators.h"
#include "plugins/cpu/ops/work.h"

namespace kt::cpu {
namespace {

kt::Status read_arithmetic(const kt::Options& options, Arithmetic& out) {
  std::string text;
  const kt::Status status = options.read("activations", text);
  if (status.ok()) out = parse_arithmetic(text);
  return status;
}

// Rows that an input [tokens, ..., width] has for each token.
int64_t rows_per_token(const KtTensor& tensor) {
  int64_t rows = 1;
  for (int32_t d = 0; d + 1 < tensor.rank; ++d) rows *= std::max<int64_t>(tensor.shape[d], 1);
  return rows;
}

kt::Status check_width(int64_t is, int64_t wanted) {
  if (is == wanted) return {};
  return kt::invalid("rows of " + std::to_string(is) + " elements meet a weight of " + std::to_string(wanted) + " columns");
}

// One panel against rows [begin, begin + count) of x: store(row, first output, values, outputs).
template <class Store>
void multiply_panel(const Matrix& weight, int64_t expert, int64_t panel, const void* const* x, int64_t count, Store&& store) {
  alignas(64) float tile[kRowsAtOnce * kPanelRows];
  Panel rows = weight.panel(expert, panel);
  if (panel + 1 < weight.panels()) rows.then(weight.panel(expert, panel + 1));  // next in most cases
  for (int64_t begin = 0; begin < count; begin += kRowsAtOnce) {
    const int64_t here = std::min(kRowsAtOnce, count - begin);
    weight.kernel.run(rows, x + begin, here, tile);
    for (int64_t t = 0; t < here; ++t) store(begin + t, panel * kPanelRows, tile + t * kPanelRows, rows.rows);
  }
}

}  // namespace

kt::Status Linear::create(const kt::Node& node, const kt::Options& options) {
  rows_per_token_ = rows_per_token(node.input(0));
  return read_arithmetic(options, arithmetic_);
}

kt::Status Linear::prepare(const kt::Weights& weights) {
  weight_ = read_matrix(weights.get("weight"), arithmetic_);
  if (weights.find("bias") != nullptr) bias_ = weights.row("bias");
  if (!bias_.empty() && static_cast<int64_t>(bias_.size()) != weight_.rows)
    return kt::invalid("the bias has not one value for each row of the weight");
  return {};
}

uint64_t Linear::scratch_size(int64_t tokens, int32_t) const {
  Carver carver(nullptr);
  ConvertedRows::take(carver, weight_.kernel.form, weight_.columns, tokens * rows_per_token_);
  return carver.used();
}

kt::Status Linear::run(kt::Call& call, kt::In in, kt::Out out) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  if (const kt::Status status = check_width(x.dim(), weight_.columns); !status.ok()) return status;
  Carver carver(call.scratch());
  const ActivationForm& form = weight_.kernel.form;
  const ConvertedRows rows = ConvertedRows::take(carver, form, x.dim(), x.count());
  kt::Status status = for_items(call, x.count(), convert_cost(x.dim()), [&](int64_t t) { rows.convert(form, x.dim(), x[t], t); });
  if (!status.ok()) return status;
  // Few panels and many rows: rows are shared out as well.
  const int64_t chunks = (x.count() + kRowsAtOnce - 1) / kRowsAtOnce;
  const double cost = panel_cost(weight_, std::min(kRowsAtOnce, x.count()));
  const auto multiply = [&](int64_t item) {
    const int64_t begin = item % chunks * kRowsAtOnce;
    const int64_t count = std::min(kRowsAtOnce, x.count() - begin);
    multiply_panel(weight_, 0, item / chunks, rows.at + begin, count, [&](int64_t t, int64_t o, const float* values, int64_t n) {
      float* to = y[begin + t] + o;
      for (int64_t i = 0; i < n; ++i) to[i] = bias_.empty() ? values[i] : values[i] + bias_[static_cast<size_t>(o + i)];
    });
  };
  return for_ranges(call, weight_.panels() * chunks, cost, [&](int64_t begin, int64_t end) {
    ask_for(weight_.panel(0, begin / chunks));
    for (int64_t item = begin; item < end; ++item) multiply(item);
  });
}

kt::Status HeadLinear::create(const kt::Node& node, const kt::Options& options) {
  transposed_ = node.int_or("transposed", 0) != 0;
  return read_arithmetic(options, arithmetic_);
}

kt::Status HeadLinear::prepare(const kt::Weights& weights) {
  const KtWeight& weight = weights.get("weight");
  if (weight.rank != 3) return kt::invalid("the weight of a HeadLinear is not [heads, rows, columns]");
  weight_ = read_matrix(weight, transposed_ ? Arithmetic::kF32 : arithmetic_);
  return {};
}

uint64_t HeadLinear::scratch_size(int64_t tokens, int32_t) const {
  const auto rows = tokens * static_cast<int64_t>(weight_.experts.size());
  Carver carver(nullptr);
  ConvertedRows::take(carver, weight_.kernel.form, weight_.columns, rows);
  carver.take<float*>(rows);
  return carver.used();
}

kt::Status HeadLinear::run(kt::Call& call, kt::In in, kt::Out out) {
  if (in[0].rank() != 3 || in[0].dim(1) != static_cast<int64_t>(weight_.experts.size()))
    return kt::invalid("the input of a HeadLinear is not [tokens, heads, width] with the heads of its weight");
  const kt::Status status = check_width(in[0].dim(2), transposed_ ? weight_.rows : weight_.columns);
  if (!status.ok()) return status;
  return transposed_ ? run_transposed(call, in, out) : run_straight(call, in, out);
}

// Rows of one head lie side by side in `rows`, so that a panel meets all tokens at once.
kt::Status HeadLinear::run_straight(kt::Call& call, kt::In in, kt::Out out) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  const int64_t heads = in[0].dim(1), tokens = in[0].dim(0);
  Carver carver(call.scratch());
  const ActivationForm& form = weight_.kernel.form;
  const ConvertedRows rows = ConvertedRows::take(carver, form, x.dim(), x.count());
  kt::Status status = for_items(call, x.count(), convert_cost(x.dim()),
                                [&](int64_t i) { rows.convert(form, x.dim(), x[i % tokens * heads + i / tokens], i); });
  if (!status.ok()) return status;
  return for_items(call, heads * weight_.panels(), panel_cost(weight_, tokens), [&](int64_t item) {
    const int64_t head = item / weight_.panels();
    multiply_panel(
        weight_, head, item % weight_.panels(), rows.at + head * tokens, tokens,
        [&](int64_t t, int64_t o, const float* values, int64_t n) { std::copy_n(values, n, y[t * heads + head] + o); });
  });
}

kt::Status HeadLinear::run_transposed(kt::Call& call, kt::In in, kt::Out out) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  const int64_t heads = in[0].dim(1), tokens = in[0].dim(0);
  const int64_t step = transposed_step(weight_.dtype), steps = (weight_.columns + step - 1) / step;
  Carver carver(call.scratch());
  auto** from = carver.take<const float*>(x.count());
  auto** to = carver.take<float*>(heads * tokens);
  for (int64_t i = 0; i < x.count(); ++i) {  // sorted by head
    from[i] = x[i % tokens * heads + i / tokens];
    to[i] = y[i % tokens * heads + i / tokens];
  }
  const double cost = static_cast<double>(weight_.rows * step) * (1.0 + static_cast<double>(tokens) / 20.0);
  return for_items(call, heads * steps, cost, [&](int64_t item) {
    const int64_t head = item / steps, begin = item % steps * step;
    const TransposedWeight weight{weight_.dtype, weight_.experts[static_cast<size_t>(head)], weight_.row_bytes, weight_.rows,
                                  weight_.columns};
    float* targets[kRowsAtOnce];
    for (int64_t first = 0; first < tokens; first += kRowsAtOnce) {
      const int64_t count = std::min(kRowsAtOnce, tokens - first);
      for (int64_t t = 0; t < count; ++t) targets[t] = to[head * tokens + first + t] + begin;
      transposed_product(weight, begin, from + head * tokens + first, count, targets);
    }
  });
}

kt::Status ExpertLinear::create(const kt::Node& node, const kt::Options& options) {
  k_ = node.input_width(1);
  row_each_ = node.input(0).rank == 3;
  return read_arithmetic(options, arithmetic_);
}

kt::Status ExpertLinear::prepare(const kt::Weights& weights) {
  weight_ = read_matrix(weights.get("weight"), arithmetic_);
  grouping_.reserve(8192, static_cast<int64_t>(weight_.experts.size()));
  return {};
}

uint64_t ExpertLinear::scratch_size(int64_t tokens, int32_t) const {
  Carver carver(nullptr);
  ConvertedRows::take(carver, weight_.kernel.form, weight_.columns, tokens * (row_each_ ? k_ : 1));
  carver.take<const void*>(tokens * k_);
  return carver.used();
}

kt::Status ExpertLinear::run(kt::Call& call, kt::In in, kt::Out out) {
  const auto x = in[0].rows<float>();
  const auto ids = in[1].rows<int32_t>();
  const auto y = out[0].rows<float>();  // [tokens * k, out]
  if (const kt::Status status = check_width(x.dim(), weight_.columns); !status.ok()) return status;
  const int64_t tokens = ids.count(), experts = static_cast<int64_t>(weight_.experts.size());
  if (!grouping_.make(in[1].data<int32_t>(), in[1].stride(0), tokens, k_, experts))
    return kt::invalid("an expert's number is outside the weight's " + std::to_string(experts) + " experts");
  Carver carver(call.scratch());
  const ActivationForm& form = weight_.kernel.form;
  const ConvertedRows rows = ConvertedRows::take(carver, form, x.dim(), x.count());
  auto** sorted = carver.take<const void*>(tokens * k_);
  kt::Status status = for_items(call, x.count(), convert_cost(x.dim()), [&](int64_t t) { rows.convert(form, x.dim(), x[t], t); });
  if (!status.ok()) return status;
  for (int64_t i = 0; i < tokens * k_; ++i)
    sorted[i] = rows.at[row_each_ ? grouping_.order[static_cast<size_t>(i)] : grouping_.order[static_cast<size_t>(i)] / k_];
  const auto groups = static_cast<int64_t>(grouping_.groups.size());
  const double cost = panel_cost(weight_, groups > 0 ? (tokens * k_ + groups - 1) / groups : 1);
  return for_items(call, groups * weight_.panels(), cost, [&](int64_t item) {
    const Grouping::Group& group = grouping_.groups[static_cast<size_t>(item / weight_.panels())];
    multiply_panel(weight_, group.expert, item % weight_.panels(), sorted + group.begin, group.count,
                   [&](int64_t t, int64_t o, const float* values, int64_t n) {
                     std::copy_n(values, n, y[grouping_.order[static_cast<size_t>(group.begin + t)]] + o);
                   });
  });
}

}  // namespace kt::cpu
