#include "kt/format/dequantize.h"
#include "plugins/cpu/ops/operators.h"
#include "plugins/cpu/ops/work.h"

namespace kt::cpu {

kt::Support Embedding::supports(const kt::Node& node) {
  const auto weight = node.weight("weight");
  if (!weight) return kt::no("the node has no weight 'weight'");
  if (format::dequantizer(weight->dtype) == nullptr) return kt::no("the table is of a type that kt cannot convert");
  return kt::yes(20);
}

kt::Status Embedding::prepare(const kt::Weights& weights) {
  table_ = read_matrix(weights.get("weight"), Arithmetic::kF32);
  return {};
}

kt::Status Embedding::run(kt::Call& call, kt::In in, kt::Out out) {
  const std::span<const int32_t> ids = in[0].row<int32_t>();
  const auto y = out[0].rows<float>();
  for (const int32_t id : ids)
    if (id < 0 || id >= table_.rows)
      return kt::invalid("token id " + std::to_string(id) + " is outside the table of " + std::to_string(table_.rows) + " rows");
  const format::RowConverter convert = format::dequantizer(table_.dtype);
  return for_items(call, y.count(), static_cast<double>(table_.columns), [&](int64_t t) {
    convert(table_.experts[0] + ids[static_cast<size_t>(t)] * table_.row_bytes, y[t], table_.columns);
  });
}

}  // namespace kt::cpu
