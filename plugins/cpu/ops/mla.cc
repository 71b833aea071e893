#include "plugins/cpu/ops/mla.h"

#include "plugins/cpu/ops/rows_operator.h"
#include "plugins/cpu/ops/work.h"

namespace kt::cpu {
namespace {

constexpr int64_t kPartRows = 32;  // tokens whose queries and results in the latent space are held at a time
constexpr int64_t kInlineWork = 64 * 1024;

int64_t grain_of(int64_t items, int64_t work_per_item) { return items * work_per_item <= kInlineWork ? items : 1; }

}  // namespace

// Rows [begin, end) of the batch, and where they lie in the scratch.
struct MlaCore::Part {
  int64_t begin = 0, end = 0;
  float* queries;           // [rows, heads, rank + rope]
  float* mixed;             // [rows, heads, rank]
  ConvertedRows converted;  // of mixed, in the form that the product with w_uv wants: [heads, rows]
  unsigned char* rooms;     // of the threads
  uint64_t attention;       // offset of what the attention needs
  uint64_t size;
};

// Without memory only the size counts.
MlaCore::Part MlaCore::part_at(unsigned char* scratch, int64_t tokens, int32_t threads) const {
  const int64_t rows = std::min(tokens, kPartRows) * attention_.shape().heads;
  Carver carver(scratch);
  Part part;
  part.queries = carver.take<float>(rows * (rank_ + rope_));
  part.mixed = carver.take<float>(rows * rank_);
  part.converted = ConvertedRows::take(carver, w_uv_.kernel.form, rank_, rows);
  part.rooms = carver.take<unsigned char>(threads * static_cast<int64_t>(thread_bytes()));
  part.attention = carver.used();
  part.size = part.attention + attention_.scratch_size(threads);
  return part;
}

Support MlaCore::supports(const Node& node) { return float_rows(node); }

Status MlaCore::create(const Node& node, const Options& options) {
  arithmetic_ = parse_arithmetic(options.text_or("activations", "auto"));
  const KtTensor q_nope = node.input(0), q_rope = node.input(1), latent = node.input(2);
  nope_ = q_nope.shape[2];
  rope_ = q_rope.shape[2];
  rank_ = latent.shape[latent.rank - 1];
  AttentionShape shape;
  shape.heads = q_nope.shape[1];
  shape.kv_heads = 1;
  shape.key_dim = rank_ + rope_;
  shape.value_dim = rank_;
  shape.latent = true;
  value_ = node.output_width(0) / shape.heads;
  if (const Status status = node.read("scale", shape.scale); !status.ok()) return status;
  attention_ = PagedAttention(shape);
  return {};
}

Status MlaCore::prepare(const Weights& weights) {
  if (const Status status = w_uk_.take(weights.get("w_uk.weight")); !status.ok()) return status;
  w_uv_ = read_matrix(weights.get("w_uv.weight"), arithmetic_);
  const int64_t heads = attention_.shape().heads;
  if (w_uk_.heads() != heads || w_uk_.rows() != nope_ || w_uk_.columns() != rank_)
    return invalid("w_uk is not [heads, nope, rank]");
  if (static_cast<int64_t>(w_uv_.experts.size()) != heads || w_uv_.rows != value_ || w_uv_.columns != rank_)
    return invalid("w_uv is not [heads, v, rank]");
  return {};
}

uint64_t MlaCore::thread_bytes() const { return aligned_bytes<float>(kTransposedRows * rank_); }

uint64_t MlaCore::scratch_size(int64_t tokens, int32_t threads) const { return part_at(nullptr, tokens, threads).size; }

Status MlaCore::store(Call& call, In in) const {
  const KtBatch& batch = call.batch();
  const PagedRows keys(*call.state(), *call.state()->keys);
  const auto latent = in[2].rows<float>(), k_rope = in[3].rows<float>();
  return for_rows(call, batch.token_count, rank_ + rope_, [&](int64_t t, int32_t) {
    char* row = keys.row(batch.token_segment[t], batch.token_position[t], 0);
    keys.store(row, latent[t], rank_, k_rope[t], rope_);
  });
}

// queries[t][h] = w_uk[h]^T q_nope[t][h], then q_rope[t][h]
Status MlaCore::absorb(Call& call, In in, const Part& part) const {
  const int64_t heads = attention_.shape().heads, width = rank_ + rope_, rows = part.end - part.begin;
  const float* q_nope = in[0].data<float>() + part.begin * in[0].stride(0);
  const float* q_rope = in[1].data<float>() + part.begin * in[1].stride(0);
  const int64_t step = HeadWeights::column_step(), blocks = (rank_ + step - 1) / step;
  const int64_t work = rows * nope_ * std::min(step, rank_);
  return call.parallel_for(heads * blocks, grain_of(heads * blocks, work), [&](int64_t begin, int64_t end, int32_t thread) {
    auto* room = reinterpret_cast<float*>(part.rooms + static_cast<uint64_t>(thread) * thread_bytes());
    for (int64_t item = begin; item < end; ++item) {
      const int64_t h = item / blocks, column = item % blocks * step, count = std::min(step, rank_ - column);
      float* to = part.queries + h * width;
      project_transposed(w_uk_.columns_of(h, column, count), nope_, q_nope + h * in[0].stride(1), in[0].stride(0), rows,
                         to + column, heads * width, room);
      if (column > 0) continue;
      for (int64_t t = 0; t < rows; ++t)
        std::copy_n(q_rope + t * in[1].stride(0) + h * in[1].stride(1), rope_, to + t * heads * width + rank_);
    }
  });
}

// out[t][h] = w_uv[h] mixed[t][h]
Status MlaCore::expand(Call& call, Out out, const Part& part) const {
  const int64_t heads = attention_.shape().heads, rows = part.end - part.begin, stride = out[0].stride(0);
  float* y = out[0].data<float>() + part.begin * stride;
  const Status converted = for_rows(call, rows * heads, rank_, [&](int64_t i, int32_t) {
    part.converted.convert(w_uv_.kernel.form, rank_, part.mixed + (i % rows * heads + i / rows) * rank_, i);
  });
  if (!converted.ok()) return converted;
  return for_items(call, heads * w_uv_.panels(), panel_cost(w_uv_, rows), [&](int64_t item) {
    const int64_t h = item / w_uv_.panels(), first = item % w_uv_.panels() * kPanelRows;
    const Panel panel = w_uv_.panel(h, item % w_uv_.panels());
    alignas(64) float values[kPartRows * kPanelRows];
    w_uv_.kernel.run(panel, part.converted.at + h * rows, rows, values);
    for (int64_t t = 0; t < rows; ++t) std::copy_n(values + t * kPanelRows, panel.rows, y + t * stride + h * value_ + first);
  });
}

Status MlaCore::run(Call& call, In in, Out out) {
  const AttentionShape& shape = attention_.shape();
  if (!call.state()) return invalid("the node has no state");
  if (const Status status = check_pages(call.batch(), *call.state(), 1, shape.key_dim, 0, 0); !status.ok()) return status;
  if (const Status status = store(call, in); !status.ok()) return status;
  const int64_t tokens = call.batch().token_count;
  Part part = part_at(call.scratch(), tokens, call.threads());
  for (int64_t row = 0; row < tokens; row += kPartRows) {
    part.begin = row;
    part.end = std::min(tokens, row + kPartRows);
    if (const Status status = absorb(call, in, part); !status.ok()) return status;
    const HeadRows<const float> q{part.queries, shape.heads * shape.key_dim, shape.key_dim};
    const HeadRows<float> y{part.mixed, shape.heads * rank_, rank_};
    const Status attended = attention_.run(call, part.begin, part.end, q, y, part.attention);
    if (!attended.ok()) return attended;
    if (const Status status = expand(call, out, part); !status.ok()) return status;
  }
  return {};
}

}  // namespace kt::cpu
