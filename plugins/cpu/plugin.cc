// The plugin "cpu": the list of its operators.
#include "plugins/cpu/ops/attention.h"
#include "plugins/cpu/ops/elementwise.h"
#include "plugins/cpu/ops/gather.h"
#include "plugins/cpu/ops/mla.h"
#include "plugins/cpu/ops/moe_gate.h"
#include "plugins/cpu/ops/operators.h"
#include "plugins/cpu/ops/rope.h"

namespace kt::cpu {
using Sigmoid = UnaryOperator<Unary::kSigmoid>;
using Silu = UnaryOperator<Unary::kSilu>;
using Relu = UnaryOperator<Unary::kRelu>;
using Tanh = UnaryOperator<Unary::kTanh>;
using Exp = UnaryOperator<Unary::kExp>;
using Add = BinaryOperator<Binary::kAdd>;
using Sub = BinaryOperator<Binary::kSub>;
using Mul = BinaryOperator<Binary::kMul>;
}  // namespace kt::cpu

KT_PLUGIN("cpu", "0.1.0", "Operators for x86-64 processors with AVX2 at least",
          kt::op<kt::cpu::Embedding>("cpu.embedding", "Embedding"),
          kt::op<kt::cpu::Linear>("cpu.linear", "Linear"),
          kt::op<kt::cpu::HeadLinear>("cpu.head_linear", "HeadLinear"),
          kt::op<kt::cpu::ExpertLinear>("cpu.expert_linear", "ExpertLinear"),
          kt::op<kt::cpu::Mlp>("cpu.mlp", "Mlp"),
          kt::op<kt::cpu::Moe>("cpu.moe", "MoeExperts"),
          kt::op<kt::cpu::Attention>("cpu.attention", "Attention"),
          kt::op<kt::cpu::MlaCore>("cpu.mla", "MlaCore"),
          kt::op<kt::cpu::MoeGate>("cpu.moe_gate", "MoeGate"),
          kt::op<kt::cpu::SwiGlu>("cpu.swiglu", "SwiGlu"),
          kt::op<kt::cpu::RmsNorm>("cpu.rms_norm", "RmsNorm"),
          kt::op<kt::cpu::Rope>("cpu.rope", "Rope"),
          kt::op<kt::cpu::TopK>("cpu.top_k", "TopK"),
          kt::op<kt::cpu::GroupMask>("cpu.group_mask", "GroupMask"),
          kt::op<kt::cpu::TakeAlong>("cpu.take_along", "TakeAlong"),
          kt::op<kt::cpu::NormalizeSum>("cpu.normalize_sum", "NormalizeSum"),
          kt::op<kt::cpu::WeightedSum>("cpu.weighted_sum", "WeightedSum"),
          kt::op<kt::cpu::Softmax>("cpu.softmax", "Softmax"),
          kt::op<kt::cpu::Sigmoid>("cpu.sigmoid", "Sigmoid"),
          kt::op<kt::cpu::Silu>("cpu.silu", "Silu"),
          kt::op<kt::cpu::Gelu>("cpu.gelu", "Gelu"),
          kt::op<kt::cpu::Relu>("cpu.relu", "Relu"),
          kt::op<kt::cpu::Tanh>("cpu.tanh", "Tanh"),
          kt::op<kt::cpu::Exp>("cpu.exp", "Exp"),
          kt::op<kt::cpu::Add>("cpu.add", "Add"),
          kt::op<kt::cpu::Sub>("cpu.sub", "Sub"),
          kt::op<kt::cpu::Mul>("cpu.mul", "Mul"),
          kt::op<kt::cpu::AddBias>("cpu.add_bias", "AddBias"),
          kt::op<kt::cpu::Scale>("cpu.scale", "Scale"),
          kt::op<kt::cpu::Clamp>("cpu.clamp", "Clamp"),
          kt::op<kt::cpu::Concat>("cpu.concat", "Concat"),
          kt::op<kt::cpu::GatherRows>("cpu.gather_rows", "GatherRows"),
          kt::op<kt::cpu::Cast>("cpu.cast", "Cast"))
