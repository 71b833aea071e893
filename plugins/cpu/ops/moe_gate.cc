#include "plugins/cpu/ops/moe_gate.h"

#include "plugins/cpu/kernels/rows.h"
#include "plugins/cpu/ops/gather.h"
#include "plugins/cpu/ops/rows_operator.h"

namespace kt::cpu {
namespace {

constexpr int64_t kBlockExperts = 16, kBlockTokens = 32;  // of one unit of the product

}  // namespace

Support MoeGate::supports(const Node& node) { return float_rows(node); }

Status MoeGate::create(const Node& node) {
  dim_ = node.input_width(0);
  groups_ = node.int_or("groups", 1);
  groups_used_ = node.int_or("groups_used", groups_);
  normalize_ = node.int_or("normalize", 0) != 0;
  factor_ = static_cast<float>(node.float_or("factor", 1.0));
  eps_ = static_cast<float>(node.float_or("eps", 1e-20));
  const std::string scoring = node.text_or("scoring", "softmax");
  if (scoring != "softmax" && scoring != "sigmoid") return invalid("scoring is '" + scoring + "', known are softmax and sigmoid");
  sigmoid_ = scoring == "sigmoid";
  if (const Status status = read_group_score(node.text_or("group_score", "max"), group_score_); !status.ok()) return status;
  return node.read("k", used_);
}

Status MoeGate::prepare(const Weights& weights) {
  for (const KtWeight* weight : weights) {
    if (weight->rank == 1) {
      bias_ = weights.row(weight->name);
      continue;
    }
    if (const Status status = router_.take(*weight); !status.ok()) return status;
    experts_ = router_.rows();
  }
  if (experts_ == 0 || router_.columns() != dim_) return invalid("the router's matrix is not [experts, dim]");
  if (!bias_.empty() && static_cast<int64_t>(bias_.size()) != experts_)
    return invalid("the correction bias does not have one value an expert");
  if (used_ < 1 || used_ > experts_)
    return invalid("k is " + std::to_string(used_) + " of " + std::to_string(experts_) + " experts");
  if (groups_ < 1 || experts_ % groups_ != 0 || groups_used_ < 1 || groups_used_ > groups_)
    return invalid("its groups do not divide the experts");
  return {};
}

uint64_t MoeGate::choice_bytes() const {
  return aligned_bytes<float>(experts_) + aligned_bytes<float>(2 * groups_) + aligned_bytes<int32_t>(groups_);
}

uint64_t MoeGate::thread_bytes() const { return std::max(aligned_bytes<float>(dim_), choice_bytes()); }

uint64_t MoeGate::scratch_size(int64_t tokens, int32_t threads) const {
  return aligned_bytes<float>(tokens * experts_) + static_cast<uint64_t>(threads) * thread_bytes();
}

// The same steps in the same order as the module's body.
void MoeGate::choose(float* scores, float* choice, unsigned char* room, int32_t* ids, float* weights) const {
  if (sigmoid_)
    unary_row(Unary::kSigmoid, scores, scores, experts_);
  else
    softmax_row(scores, scores, experts_);
  const float* chosen_from = scores;
  if (!bias_.empty()) {
    binary_row(Binary::kAdd, scores, bias_.data(), choice, experts_);
    chosen_from = choice;
  }
  if (groups_ > 1) {
    auto* order = reinterpret_cast<int32_t*>(room + aligned_bytes<float>(2 * groups_));
    group_mask_row(chosen_from, experts_, groups_, groups_used_, group_score_, choice, reinterpret_cast<float*>(room), order);
    chosen_from = choice;
  }
  top_k_row(chosen_from, experts_, used_, ids, weights);
  if (!bias_.empty())
    for (int64_t i = 0; i < used_; ++i) weights[i] = scores[ids[i]];
  if (normalize_) normalize_sum_row(weights, eps_, weights, used_);
  if (factor_ != 1.0f) scale_row(weights, factor_, weights, used_);
}

Status MoeGate::run(Call& call, In in, Out out) {
  const auto x = in[0].rows<float>();
  const auto ids = out[0].rows<int32_t>();
  const auto weights = out[1].rows<float>();
  const int64_t tokens = x.count();
  float* scores = call.scratch<float>();
  const uint64_t rooms = aligned_bytes<float>(tokens * experts_);
  const auto room = [&](int32_t thread) { return call.scratch(rooms + static_cast<uint64_t>(thread) * thread_bytes()); };

  const int64_t columns = (experts_ + kBlockExperts - 1) / kBlockExperts, rows = (tokens + kBlockTokens - 1) / kBlockTokens;
  const int64_t block_work = std::min(kBlockExperts, experts_) * std::min(kBlockTokens, tokens) * dim_;
  const Status projected = for_rows(call, columns * rows, block_work, [&](int64_t item, int32_t thread) {
    const int64_t expert = item % columns * kBlockExperts, token = item / columns * kBlockTokens;
    project_rows(router_.head(0), expert, std::min(kBlockExperts, experts_ - expert), x[token], in[0].stride(0),
                 std::min(kBlockTokens, tokens - token), scores + token * experts_ + expert, experts_,
                 reinterpret_cast<float*>(room(thread)));
  });
  if (!projected.ok()) return projected;
  return for_rows(call, tokens, 16 * experts_, [&](int64_t token, int32_t thread) {
    auto* choice = reinterpret_cast<float*>(room(thread));
    choose(scores + token * experts_, choice, room(thread) + aligned_bytes<float>(experts_), ids[token], weights[token]);
  });
}

}  // namespace kt::cpu
