#include "core/exec/run_checks.h"

#include <cmath>

namespace kt::core {
namespace {

const float* element(const KtTensor& tensor, const int64_t (&index)[KT_MAX_RANK]) {
  int64_t at = 0;
  for (int32_t d = 0; d < tensor.rank; ++d) at += index[d] * tensor.stride[d];
  return reinterpret_cast<const float*>(static_cast<const std::byte*>(tensor.data) + tensor.offset) + at;
}

// Goes to the next index in row-major order; false after the last.
bool advance(const KtTensor& tensor, int64_t (&index)[KT_MAX_RANK]) {
  for (int32_t d = tensor.rank - 1; d >= 0; --d) {
    if (++index[d] < tensor.shape[d]) return true;
    index[d] = 0;
  }
  return false;
}

std::string index_text(const KtTensor& tensor, const int64_t (&index)[KT_MAX_RANK]) {
  std::string out;
  for (int32_t d = 0; d < tensor.rank; ++d) out += (d > 0 ? ", " : "[") + std::to_string(index[d]);
  return out + "]";
}

// "nan at [3, 17]" for the first element that is no finite number; empty if all are.
std::string first_bad_value(const KtTensor& tensor) {
  if (tensor.dtype != KT_F32) return "";
  for (int32_t d = 0; d < tensor.rank; ++d)
    if (tensor.shape[d] == 0) return "";
  int64_t index[KT_MAX_RANK] = {};
  do {
    const float value = *element(tensor, index);
    if (!std::isfinite(value))
      return std::string(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf") + " at " + index_text(tensor, index);
  } while (advance(tensor, index));
  return "";
}

Status check_finite(const KtCall& call, const std::string& step) {
  for (uint32_t i = 0; i < call.output_count; ++i)
    if (const std::string bad = first_bad_value(*call.outputs[i]); !bad.empty())
      return fail(12, step + ": output " + std::to_string(i) + " is " + bad,
                  "bind another operator there with --rules to see whether it or the weights are damaged");
  return {};
}

}  // namespace

RunChecks::RunChecks(RunCheckOptions options) : options_(std::move(options)) {
  if (options_.limit.count() > 0) watchdog_ = std::thread([this] { watch(); });
}

RunChecks::~RunChecks() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  if (watchdog_.joinable()) watchdog_.join();
}

void RunChecks::begin(const std::string& step, const KtCall* call, uint64_t scratch) {
  {
    const std::lock_guard lock(mutex_);
    step_ = step;
    since_ = std::chrono::steady_clock::now();
    running_ = true;
  }
  changed_.notify_all();
  if (options_.memory && call) guard_.set(*call, scratch);
}

Status RunChecks::end(const KtCall* call) {
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  if (!call) return {};
  if (options_.memory) KT_TRY(std::move(guard_.check()).with_context(step_));
  return options_.finite ? check_finite(*call, step_) : Status();
}

void RunChecks::watch() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    if (!running_) {
      changed_.wait(lock);
      continue;
    }
    const auto since = since_;
    changed_.wait_until(lock, since + options_.limit);
    if (ended_ || !running_ || since_ != since || std::chrono::steady_clock::now() < since + options_.limit) continue;
    const std::string step = step_;
    lock.unlock();
    options_.on_limit(step);
    return;
  }
}

}  // namespace kt::core
