#include "plugins/cpu/ops/head_weights.h"

#include "kt/format/dtype.h"

namespace kt::cpu {

Status HeadWeights::take(const KtWeight& weight) {
  const std::string name = weight.name;
  if (weight.rank < 2 || weight.rank > 3) return invalid("the weight '" + name + "' is no matrix");
  dtype_ = weight.dtype;
  const int64_t heads = weight.rank == 3 ? weight.shape[0] : 1;
  rows_ = weight.shape[weight.rank - 2];
  columns_ = weight.shape[weight.rank - 1];
  const RowConverter convert = row_converter(dtype_);
  if (!convert || !format::row_bytes(dtype_, columns_))
    return unsupported("the weight '" + name + "' has a format that cannot be read by rows");
  const KtWeightPart& part = *weight.parts[0];
  matrices_.clear();
  for (int64_t h = 0; h < heads; ++h) {
    const KtTensor& tensor = *part.tensors[part.count > 1 ? h : 0];
    const auto row = format::row_bytes(dtype_, tensor.stride[tensor.rank - 2]);
    const auto skipped = format::row_bytes(dtype_, tensor.rank == 3 && part.count == 1 ? h * tensor.stride[0] : 0);
    if (!row || !skipped) return unsupported("rows of the weight '" + name + "' do not begin at whole blocks");
    matrices_.push_back({static_cast<const char*>(tensor.data) + tensor.offset + *skipped, *row, columns_, convert});
  }
  return {};
}

WeightRows HeadWeights::columns_of(int64_t h, int64_t begin, int64_t count) const {
  WeightRows out = head(h);
  out.data = static_cast<const char*>(out.data) + *format::row_bytes(dtype_, begin);
  out.columns = count;
  return out;
}

}  // namespace kt::cpu
