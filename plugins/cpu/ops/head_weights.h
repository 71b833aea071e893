// A weight [heads, rows, columns] as one matrix a head, in the format of the files.
#pragma once

#include <vector>

#include "kt/plugin.hpp"
#include "plugins/cpu/kernels/project.h"

namespace kt::cpu {

class HeadWeights {
 public:
  // Fails if the format is unknown, or a row is no whole number of blocks.
  Status take(const KtWeight& weight);

  int64_t heads() const { return static_cast<int64_t>(matrices_.size()); }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  const WeightRows& head(int64_t h) const { return matrices_[static_cast<size_t>(h)]; }
  // Columns [begin, begin + count) of a head; `begin` is a multiple of column_step().
  WeightRows columns_of(int64_t h, int64_t begin, int64_t count) const;
  // Least number of columns that is a whole number of blocks in every format.
  static constexpr int64_t column_step() { return 256; }

 private:
  int32_t dtype_ = KT_F32;
  int64_t rows_ = 0, columns_ = 0;
  std::vector<WeightRows> matrices_;
};

}  // namespace kt::cpu
