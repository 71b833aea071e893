// Operators that pick elements by index, and conversion between element types.
#pragma once

#include "plugins/cpu/kernels/routing.h"
#include "plugins/cpu/ops/rows_operator.h"

namespace kt::cpu {

struct TopK {
  static constexpr const char* kNumerics = "invariant.exact";
  static constexpr const char* kHelp = "The k best of every row, ties by lower index";
  static Support supports(const Node& node) { return float_rows(node); }
  Status run(Call& call, In in, Out out);
};

struct GroupMask {
  static constexpr const char* kNumerics = "invariant.f32";
  static constexpr const char* kHelp = "Makes the values outside the best groups zero";
  static Support supports(const Node& node) { return float_rows(node); }
  Status create(const Node& node);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  Status run(Call& call, In in, Out out);

 private:
  int64_t groups_ = 1, used_ = 1;
  GroupScore score_ = GroupScore::kMax;
};

struct TakeAlong {
  static constexpr const char* kNumerics = "invariant.exact";
  static constexpr const char* kHelp = "Elements of every row by index";
  static Support supports(const Node& node);
  Status run(Call& call, In in, Out out);
};

struct GatherRows {
  static constexpr const char* kNumerics = "invariant.exact";
  static constexpr const char* kHelp = "Rows by index";
  static Support supports(const Node& node) { return TakeAlong::supports(node); }
  Status run(Call& call, In in, Out out);
};

struct Cast {
  static constexpr const char* kNumerics = "invariant.exact";
  static constexpr const char* kHelp = "Conversion between f32, f16, bf16 and i32";
  static Support supports(const Node& node);
  Status run(Call& call, In in, Out out);
};

// The score of a group by its name in the graph.
Status read_group_score(const std::string& name, GroupScore& out);

}  // namespace kt::cpu
