// Causal attention over pages that lie on the device.
#pragma once

#include "plugins/fake/operators.h"

namespace kt::fake {

struct Attention : OnDevice {
  static Support supports(const Node& node) { return node.inputs_are(KT_F32) ? yes(1) : no("inputs are not float32"); }
  Status create(const Node& node) {
    window_ = node.int_or("window", 0);
    return node.read("scale", scale_);
  }
  Status run(Call& call, In in, Out out) {
    if (call.state() == nullptr) return invalid("attention has no state");
    if (call.state()->keys->dtype != KT_F32) return unsupported("the state is not float32");
    return queue(call, in, out, [this, rows = Pages(*call.state(), call.batch())](const Tensors& t) {
      write(t, rows);
      for (int64_t r = 0; r < t.y().count(); ++r) attend(t, rows, r);
    });
  }

 private:
  // The state and the batch of one call, copied.
  struct Pages {
    Pages(const KtPagedState& s, const KtBatch& b)
        : keys(mapped(*s.keys)),
          values(s.values ? std::optional(mapped(*s.values)) : std::nullopt),
          page_size(s.page_size),
          stride(s.table_stride),
          table(s.block_table, s.block_table + b.segment_count * s.table_stride),
          segment(b.token_segment, b.token_segment + b.token_count),
          position(b.token_position, b.token_position + b.token_count) {}

    float* row(const KtTensor& tensor, int64_t token, int64_t at, int64_t head) const {
      const int64_t page = table[static_cast<size_t>(segment[static_cast<size_t>(token)] * stride + at / page_size)];
      const int64_t element = page * tensor.stride[0] + at % page_size * tensor.stride[1] + head * tensor.stride[2];
      return reinterpret_cast<float*>(static_cast<std::byte*>(tensor.data) + tensor.offset) + element;
    }

    KtTensor keys;
    std::optional<KtTensor> values;
    int32_t page_size;
    int64_t stride;
    std::vector<int32_t> table, segment, position;
  };

  static void write(const Tensors& t, const Pages& pages) {
    const int64_t heads = pages.keys.shape[2];
    for (int64_t r = 0; r < t.x(1).count(); ++r) {
      const int64_t token = r / heads, at = pages.position[static_cast<size_t>(token)];
      std::copy_n(t.x(1)[r], t.x(1).dim(), pages.row(pages.keys, token, at, r % heads));
      if (pages.values) std::copy_n(t.x(2)[r], t.x(2).dim(), pages.row(*pages.values, token, at, r % heads));
    }
  }

  void attend(const Tensors& t, const Pages& pages, int64_t r) const {
    const int64_t heads = t.in[0].shape[1], token = r / heads, head = r % heads * pages.keys.shape[2] / heads;
    const int64_t last = pages.position[static_cast<size_t>(token)];
    const int64_t first = window_ > 0 && last >= window_ ? last - window_ + 1 : 0;
    std::vector<double> scores;
    double highest = -std::numeric_limits<double>::infinity(), total = 0;
    for (int64_t p = first; p <= last; ++p) {
      scores.push_back(dot(t.x(0)[r], pages.row(pages.keys, token, p, head), t.x(0).dim()) * scale_);
      highest = std::max(highest, scores.back());
    }
    for (double& score : scores) total += score = std::exp(score - highest);
    const KtTensor& values = pages.values ? *pages.values : pages.keys;
    for (int64_t i = 0; i < t.y().dim(); ++i) {
      double sum = 0;
      for (int64_t p = first; p <= last; ++p)
        sum += scores[static_cast<size_t>(p - first)] * pages.row(values, token, p, head)[i];
      t.y()[r][i] = static_cast<float>(sum / total);
    }
  }

  double scale_ = 1;
  int64_t window_ = 0;
};

}  // namespace kt::fake
