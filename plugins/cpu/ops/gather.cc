#include "plugins/cpu/ops/gather.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "plugins/cpu/kernels/convert.h"

namespace kt::cpu {
namespace {

bool is_castable(int32_t dtype) { return dtype == KT_F32 || dtype == KT_F16 || dtype == KT_BF16 || dtype == KT_I32; }

// Towards zero; what an int32 cannot hold becomes the nearest it can, NaN becomes 0.
int32_t to_integer(float x) {
  if (x != x) return 0;
  if (x >= 2147483648.0f) return std::numeric_limits<int32_t>::max();
  if (x < -2147483648.0f) return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(x);
}

template <class From, class To>
void cast_row(const From* x, To* y, int64_t n) {
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(y, x, static_cast<size_t>(n) * sizeof(To));
  } else if constexpr (std::is_same_v<From, int32_t>) {
    for (int64_t i = 0; i < n; ++i) {
      const float value = static_cast<float>(x[i]);
      convert_row(&value, y + i, 1);
    }
  } else if constexpr (std::is_same_v<To, int32_t>) {
    for (int64_t i = 0; i < n; ++i) {
      float value;
      convert_row(x + i, &value, 1);
      y[i] = to_integer(value);
    }
  } else {
    convert_row(x, y, n);
  }
}

template <class From, class To>
Status cast_rows(Call& call, const KtTensor& from, const KtTensor& to) {
  const Rows<const From> x(from);
  const Rows<To> y(to);
  return for_rows(call, x.count(), x.dim(), [&](int64_t row, int32_t) { cast_row(x[row], y[row], x.dim()); });
}

template <class From>
Status cast_to(Call& call, const KtTensor& from, const KtTensor& to) {
  switch (to.dtype) {
    case KT_F32:
      return cast_rows<From, float>(call, from, to);
    case KT_F16:
      return cast_rows<From, F16>(call, from, to);
    case KT_BF16:
      return cast_rows<From, Bf16>(call, from, to);
    case KT_I32:
      return cast_rows<From, int32_t>(call, from, to);
    default:
      return unsupported("cannot cast to element type " + std::to_string(to.dtype));
  }
}

Status expect_below(Rows<const int32_t> ids, int64_t limit) {
  for (int64_t row = 0; row < ids.count(); ++row)
    for (const int32_t id : ids.row(row))
      if (id < 0 || id >= limit) return invalid("index " + std::to_string(id) + " is not below " + std::to_string(limit));
  return {};
}

}  // namespace

Status read_group_score(const std::string& name, GroupScore& out) {
  if (name != "max" && name != "top2") return invalid("the score of a group is '" + name + "', known are max and top2");
  out = name == "max" ? GroupScore::kMax : GroupScore::kTopTwo;
  return {};
}

Status TopK::run(Call& call, In in, Out out) {
  const auto x = in[0].rows<float>();
  const auto ids = out[0].rows<int32_t>();
  const auto values = out[1].rows<float>();
  if (ids.dim() > x.dim()) return invalid("k is " + std::to_string(ids.dim()) + " of " + std::to_string(x.dim()));
  return for_rows(call, x.count(), 4 * x.dim(),
                  [&](int64_t row, int32_t) { top_k_row(x[row], x.dim(), ids.dim(), ids[row], values[row]); });
}

Status GroupMask::create(const Node& node) {
  if (const Status status = node.read("groups", groups_); !status.ok()) return status;
  if (const Status status = node.read("used", used_); !status.ok()) return status;
  return read_group_score(node.text_or("score", "max"), score_);
}

uint64_t GroupMask::scratch_size(int64_t, int32_t threads) const {
  return static_cast<uint64_t>(threads) * (aligned_bytes<float>(2 * groups_) + aligned_bytes<int32_t>(groups_));
}

Status GroupMask::run(Call& call, In in, Out out) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  const uint64_t floats = aligned_bytes<float>(2 * groups_), room = floats + aligned_bytes<int32_t>(groups_);
  return for_rows(call, x.count(), 4 * x.dim(), [&](int64_t row, int32_t thread) {
    const uint64_t at = static_cast<uint64_t>(thread) * room;
    group_mask_row(x[row], x.dim(), groups_, used_, score_, y[row], call.scratch<float>(at), call.scratch<int32_t>(at + floats));
  });
}

Support TakeAlong::supports(const Node& node) {
  if (node.input(0).dtype != KT_F32) return no("the values are not float32");
  return node.input(1).dtype == KT_I32 ? yes(kScore) : no("the indices are not int32");
}

Status TakeAlong::run(Call& call, In in, Out out) {
  const auto x = in[0].rows<float>();
  const auto ids = in[1].rows<int32_t>();
  const auto y = out[0].rows<float>();
  if (const Status status = expect_below(ids, x.dim()); !status.ok()) return status;
  return for_rows(call, x.count(), 4 * ids.dim(), [&](int64_t row, int32_t) {
    for (int64_t i = 0; i < ids.dim(); ++i) y[row][i] = x[row][ids[row][i]];
  });
}

Status GatherRows::run(Call& call, In in, Out out) {
  const auto x = in[0].rows<float>();
  const auto rows = in[1].rows<int32_t>();
  const auto y = out[0].rows<float>();
  if (const Status status = expect_below(rows, x.count()); !status.ok()) return status;
  const int32_t* chosen = rows[0];
  return for_rows(call, rows.dim(), x.dim(), [&](int64_t row, int32_t) { std::copy_n(x[chosen[row]], x.dim(), y[row]); });
}

Support Cast::supports(const Node& node) {
  if (!is_castable(node.input(0).dtype)) return no("the input is none of f32, f16, bf16 and i32");
  return is_castable(node.output(0).dtype) ? yes(kScore) : no("the output is none of f32, f16, bf16 and i32");
}

Status Cast::run(Call& call, In in, Out out) {
  const KtTensor &from = in[0].raw(), &to = out[0].raw();
  switch (from.dtype) {
    case KT_F32:
      return cast_to<float>(call, from, to);
    case KT_F16:
      return cast_to<F16>(call, from, to);
    case KT_BF16:
      return cast_to<Bf16>(call, from, to);
    case KT_I32:
      return cast_to<int32_t>(call, from, to);
    default:
      return unsupported("cannot cast from element type " + std::to_string(from.dtype));
  }
}

}  // namespace kt::cpu
