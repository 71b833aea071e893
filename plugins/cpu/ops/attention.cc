#include "plugins/cpu/ops/attention.h"

#include "plugins/cpu/ops/rows_operator.h"

namespace kt::cpu {

Support Attention::supports(const Node& node) { return float_rows(node); }

Status Attention::create(const Node& node) {
  AttentionShape shape;
  const KtTensor q = node.input(0), k = node.input(1);
  shape.heads = q.shape[1];
  shape.kv_heads = k.shape[1];
  shape.key_dim = k.shape[2];
  shape.latent = node.input_count() == 2;
  shape.value_dim = shape.latent ? node.int_or("value_dim", 0) : node.input(2).shape[2];
  shape.window = node.int_or("window", 0);
  if (shape.kv_heads <= 0 || shape.heads % shape.kv_heads != 0) return invalid("query heads are no multiple of key heads");
  if (shape.value_dim <= 0 || (shape.latent && shape.value_dim > shape.key_dim))
    return invalid("value_dim does not lie in the keys");
  if (const Status status = node.read("scale", shape.scale); !status.ok()) return status;
  attention_ = PagedAttention(shape);
  return {};
}

uint64_t Attention::scratch_size(int64_t, int32_t threads) const { return attention_.scratch_size(threads); }

Status Attention::store(Call& call, In in) const {
  const AttentionShape& shape = attention_.shape();
  const KtBatch& batch = call.batch();
  const KtPagedState& state = *call.state();
  const PagedRows keys(state, *state.keys), values(state, shape.latent ? *state.keys : *state.values);
  const auto k = in[1].rows<float>();
  const auto v = in[shape.latent ? 1 : 2].rows<float>();
  return for_rows(call, batch.token_count, shape.kv_heads * (k.dim() + v.dim()), [&](int64_t t, int32_t) {
    const int64_t segment = batch.token_segment[t], position = batch.token_position[t];
    for (int64_t h = 0; h < shape.kv_heads; ++h) {
      keys.store(keys.row(segment, position, h), 0, k[t * shape.kv_heads + h], k.dim());
      if (!shape.latent) values.store(values.row(segment, position, h), 0, v[t * shape.kv_heads + h], v.dim());
    }
  });
}

Status Attention::run(Call& call, In in, Out out) {
  const AttentionShape& shape = attention_.shape();
  if (!call.state()) return invalid("the node has no state");
  const Status checked =
      check_pages(call.batch(), *call.state(), shape.kv_heads, shape.key_dim, shape.latent ? 0 : shape.value_dim, shape.window);
  if (!checked.ok()) return checked;
  if (const Status stored = store(call, in); !stored.ok()) return stored;
  const HeadRows<const float> q{in[0].data<float>(), in[0].stride(0), in[0].stride(1)};
  const HeadRows<float> y{out[0].data<float>(), out[0].stride(0), out[0].stride(1)};
  return attention_.run(call, 0, call.batch().token_count, q, y, 0);
}

}  // namespace kt::cpu
