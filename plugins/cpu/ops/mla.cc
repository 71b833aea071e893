#include "plugins/cpu/ops/mla.h"

#include "plugins/cpu/ops/rows_operator.h"

namespace kt::cpu {
namespace {

constexpr int64_t kPartRows = 32;    // tokens whose queries and results in the latent space are held at a time
constexpr int64_t kExpandRows = 32;  // rows of w_uv in one unit of work
constexpr int64_t kInlineWork = 64 * 1024;

int64_t grain_of(int64_t items, int64_t work_per_item) { return items * work_per_item <= kInlineWork ? items : 1; }

}  // namespace

// Rows [begin, end) of the batch, and where they lie in the scratch.
struct MlaCore::Part {
  int64_t begin, end;
  float* queries;  // [rows, heads, rank + rope]
  float* mixed;    // [rows, heads, rank]
  unsigned char* rooms;
};

Support MlaCore::supports(const Node& node) { return float_rows(node); }

Status MlaCore::create(const Node& node) {
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
  if (const Status status = w_uv_.take(weights.get("w_uv.weight")); !status.ok()) return status;
  const int64_t heads = attention_.shape().heads;
  if (w_uk_.heads() != heads || w_uk_.rows() != nope_ || w_uk_.columns() != rank_)
    return invalid("w_uk is not [heads, nope, rank]");
  if (w_uv_.heads() != heads || w_uv_.rows() != value_ || w_uv_.columns() != rank_)
    return invalid("w_uv is not [heads, v, rank]");
  return {};
}

uint64_t MlaCore::thread_bytes() const { return aligned_bytes<float>(kTransposedRows * rank_); }

uint64_t MlaCore::scratch_size(int64_t tokens, int32_t threads) const {
  const int64_t rows = std::min(tokens, kPartRows) * attention_.shape().heads;
  return aligned_bytes<float>(rows * (rank_ + rope_)) + aligned_bytes<float>(rows * rank_) +
         static_cast<uint64_t>(threads) * thread_bytes() + attention_.scratch_size(threads);
}

Status MlaCore::store(Call& call, In in) const {
  const KtBatch& batch = call.batch();
  const PagedRows keys(*call.state(), *call.state()->keys);
  const auto latent = in[2].rows<float>(), k_rope = in[3].rows<float>();
  return for_rows(call, batch.token_count, rank_ + rope_, [&](int64_t t, int32_t) {
    char* row = keys.row(batch.token_segment[t], batch.token_position[t], 0);
    keys.store(row, 0, latent[t], rank_);
    keys.store(row, rank_, k_rope[t], rope_);
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
  const int64_t blocks = (value_ + kExpandRows - 1) / kExpandRows, work = rows * rank_ * std::min(kExpandRows, value_);
  return call.parallel_for(heads * blocks, grain_of(heads * blocks, work), [&](int64_t begin, int64_t end, int32_t thread) {
    auto* room = reinterpret_cast<float*>(part.rooms + static_cast<uint64_t>(thread) * thread_bytes());
    for (int64_t item = begin; item < end; ++item) {
      const int64_t h = item / blocks, first = item % blocks * kExpandRows, count = std::min(kExpandRows, value_ - first);
      project_rows(w_uv_.head(h), first, count, part.mixed + h * rank_, heads * rank_, rows, y + h * value_ + first, stride,
                   room);
    }
  });
}

Status MlaCore::run(Call& call, In in, Out out) {
  const AttentionShape& shape = attention_.shape();
  if (!call.state()) return invalid("the node has no state");
  if (const Status status = check_pages(call.batch(), *call.state(), 1, shape.key_dim, 0, 0); !status.ok()) return status;
  if (const Status status = store(call, in); !status.ok()) return status;
  const int64_t tokens = call.batch().token_count, held = std::min(tokens, kPartRows) * shape.heads;
  const uint64_t queries = aligned_bytes<float>(held * shape.key_dim), mixed = aligned_bytes<float>(held * rank_);
  const uint64_t rooms = static_cast<uint64_t>(call.threads()) * thread_bytes();
  for (int64_t row = 0; row < tokens; row += kPartRows) {
    const Part part{row, std::min(tokens, row + kPartRows), call.scratch<float>(), call.scratch<float>(queries),
                    call.scratch(queries + mixed)};
    if (const Status status = absorb(call, in, part); !status.ok()) return status;
    const HeadRows<const float> q{part.queries, shape.heads * shape.key_dim, shape.key_dim};
    const HeadRows<float> y{part.mixed, shape.heads * rank_, rank_};
    const Status attended = attention_.run(call, part.begin, part.end, q, y, queries + mixed + rooms);
    if (!attended.ok()) return attended;
    if (const Status status = expand(call, out, part); !status.ok()) return status;
  }
  return {};
}

}  // namespace kt::cpu
