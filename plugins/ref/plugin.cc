// The plugin ref: every primitive in plain C++, the oracle for all others.
#include "kt/plugin.hpp"

#include "plugins/ref/ops/attention.h"
#include "plugins/ref/ops/cast.h"
#include "plugins/ref/ops/elementwise.h"
#include "plugins/ref/ops/layout.h"
#include "plugins/ref/ops/linear.h"
#include "plugins/ref/ops/norms.h"
#include "plugins/ref/ops/rope.h"
#include "plugins/ref/ops/routing.h"
#include "plugins/ref/ops/rows.h"

namespace ref = kt::ref;

KT_PLUGIN("ref", "0.1.0", "every primitive in plain C++ with float64 sums: slow, exact, for any weight type",
          kt::op<ref::Embedding>("ref.embedding", "Embedding"), kt::op<ref::Linear>("ref.linear", "Linear"),
          kt::op<ref::HeadLinear>("ref.head_linear", "HeadLinear"),
          kt::op<ref::ExpertLinear>("ref.expert_linear", "ExpertLinear"),
          kt::op<ref::WeightedSum>("ref.weighted_sum", "WeightedSum"), kt::op<ref::RmsNorm>("ref.rms_norm", "RmsNorm"),
          kt::op<ref::Rope>("ref.rope", "Rope"), kt::op<ref::Attention>("ref.attention", "Attention"),
          kt::op<ref::TopK>("ref.top_k", "TopK"), kt::op<ref::GroupMask>("ref.group_mask", "GroupMask"),
          kt::op<ref::TakeAlong>("ref.take_along", "TakeAlong"), kt::op<ref::NormalizeSum>("ref.normalize_sum", "NormalizeSum"),
          kt::op<ref::Softmax>("ref.softmax", "Softmax"), kt::op<ref::Unary<ref::sigmoid>>("ref.sigmoid", "Sigmoid"),
          kt::op<ref::Unary<ref::silu>>("ref.silu", "Silu"), kt::op<ref::Gelu>("ref.gelu", "Gelu"),
          kt::op<ref::Unary<ref::relu>>("ref.relu", "Relu"), kt::op<ref::Unary<ref::tanh>>("ref.tanh", "Tanh"),
          kt::op<ref::Unary<ref::exp>>("ref.exp", "Exp"), kt::op<ref::Binary<ref::add>>("ref.add", "Add"),
          kt::op<ref::Binary<ref::subtract>>("ref.sub", "Sub"), kt::op<ref::Binary<ref::multiply>>("ref.mul", "Mul"),
          kt::op<ref::AddBias>("ref.add_bias", "AddBias"), kt::op<ref::Scale>("ref.scale", "Scale"),
          kt::op<ref::Clamp>("ref.clamp", "Clamp"), kt::op<ref::SplitHeads>("ref.split_heads", "SplitHeads"),
          kt::op<ref::MergeHeads>("ref.merge_heads", "MergeHeads"), kt::op<ref::Slice>("ref.slice", "Slice"),
          kt::op<ref::Concat>("ref.concat", "Concat"), kt::op<ref::GatherRows>("ref.gather_rows", "GatherRows"),
          kt::op<ref::Cast>("ref.cast", "Cast"), kt::op<ref::Copy>("ref.copy", "Copy"))
