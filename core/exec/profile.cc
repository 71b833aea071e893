#include "core/exec/profile.h"

#include <algorithm>

namespace kt::core {
namespace {

// Positions that attention over a state with this window reads at least once.
int64_t positions_read(const KtBatch& batch, int64_t window) {
  int64_t sum = 0;
  for (int32_t s = 0; s < batch.segment_count; ++s) {
    const int64_t count = batch.segment_count_of[s], end = batch.first_position[s] + count;
    sum += window > 0 ? std::min(end, window + count - 1) : end;
  }
  return sum;
}

}  // namespace

void Profile::begin_run(const Plan& plan, const KtBatch& batch, int64_t outputs) {
  current_ = &totals_[&plan];
  current_->resize(plan.steps.size());
  for (size_t i = 0; i < plan.steps.size(); ++i)
    if (const Node* node = plan.steps[i].node; node && node->state >= 0)
      (*current_)[i].cache_rows += positions_read(batch, node->graph->states[static_cast<size_t>(node->state)].window);
  const Clock::time_point now = Clock::now();
  runs_.push_back({&plan, batch.token_count, outputs, now, now});
}

void Profile::add_step(size_t step, Clock::time_point begin) {
  const int64_t length = std::chrono::nanoseconds(Clock::now() - begin).count();
  StepTotal& total = (*current_)[step];
  ++total.calls;
  total.nanoseconds += length;
  if (events_.size() < kMaxEvents)
    events_.push_back({static_cast<uint32_t>(runs_.size() - 1), static_cast<uint32_t>(step), begin, length});
  else
    ++dropped_;
}

void Profile::end_run() { runs_.back().end = Clock::now(); }

}  // namespace kt::core
