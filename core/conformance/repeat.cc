#include "core/conformance/repeat.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <thread>

#include "core/conformance/evaluation.h"
#include "core/conformance/operator.h"

namespace kt::conformance {
namespace {

constexpr int kInstances = 4, kThreadsEach = 2;

core::OptionValues default_options(const core::OperatorInfo& info) {
  core::OptionValues out;
  for (const core::OptionInfo& option : info.options) out[option.name] = option.default_value;
  return out;
}

core::Result<std::unique_ptr<Operator>> make(const core::OperatorEntry& entry, const BuiltCase& built) {
  return Operator::make(entry, *built.node, default_options(entry.info), weights_of(*built.node, built.weights));
}

core::Result<RunResult> run(Operator& op, const BuiltCase& built, int threads) {
  std::optional<HostState> state = built.state;
  const HostBatch batch(built.spec->segments);
  return op.run(built.inputs, batch, state ? &*state : nullptr, {threads, built.spec->gap, 0xFF});
}

// Compares a run with the first one, to the bit or within the bounds.
class Comparison {
 public:
  Comparison(std::vector<Data> first, Bounds bounds) : first_(std::move(first)), bounds_(std::move(bounds)) {}

  std::string difference(const std::vector<Data>& got) const {
    for (size_t o = 0; o < got.size(); ++o) {
      if (got[o].bytes == first_[o].bytes) continue;
      for (int64_t i = 0; i < got[o].count(); ++i) {
        const double was = first_[o].value(i), is = got[o].value(i);
        // Both runs may be off by the bound, in opposite directions.
        const double allowed = bounds_.empty() ? 0 : 2 * bounds_[o][static_cast<size_t>(i)];
        if (was == is || std::fabs(was - is) <= allowed) continue;
        char text[160];
        std::snprintf(text, sizeof text, "output %zu, element %lld is %.9g in one run and %.9g in another", o,
                      static_cast<long long>(i), was, is);
        return text;
      }
    }
    return "";
  }

 private:
  std::vector<Data> first_;
  Bounds bounds_;  // empty: to the bit
};

// The shortest of the runs of some time: what else the machine does only adds.
template <class Run>
core::Result<double> least_seconds(Run&& run) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(40);
  double least = 0;
  for (int i = 0; i < 5 || Clock::now() < end; ++i) {
    const auto start = Clock::now();
    KT_TRY(run());
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    least = i == 0 ? seconds : std::min(least, seconds);
  }
  return least;
}

uint64_t allocated_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

core::Result<Repeats> repeat_runs(const core::Registry& registry, const core::OperatorEntry& entry, const BuiltCase& built,
                                  int runs) {
  const bool invariant = entry.info.numerics.starts_with("invariant");
  std::vector<std::unique_ptr<Operator>> instances;
  for (int i = 0; i < kInstances; ++i) instances.push_back(KT_TRY(make(entry, built)));
  const Evaluation wanted = KT_TRY(Evaluation::make(registry, built, built.inputs, built.spec->segments));
  const Comparison comparison(KT_TRY(run(*instances[0], built, 1)).outputs,
                              invariant ? Bounds() : built.spec->bounds(wanted, Activations::kInt8));
  std::mutex mutex;
  std::atomic<int> left{runs};
  std::string difference;
  const auto work = [&](Operator& op) {
    while (left.fetch_sub(1) > 0) {
      auto got = run(op, built, kThreadsEach);
      std::string found = got.ok() ? got->damage : got.error().message;
      if (found.empty()) found = comparison.difference(got->outputs);
      if (found.empty()) continue;
      const std::lock_guard lock(mutex);
      if (difference.empty()) difference = found;
      left = 0;
    }
  };
  std::vector<std::thread> threads;
  for (const auto& instance : instances) threads.emplace_back(work, std::ref(*instance));
  for (std::thread& thread : threads) thread.join();
  return Repeats{runs, kInstances, difference};
}

core::Result<double> leaked_bytes(const core::OperatorEntry& entry, const BuiltCase& built) {
  constexpr int kCycles = 200;
  const auto cycles = [&](int count) -> core::Status {
    for (int i = 0; i < count; ++i) KT_TRY(run(*KT_TRY(make(entry, built)), built, 1));
    return {};
  };
  KT_TRY(cycles(50));
  double least = 0;
  // A leak grows in every round; what a cache of the allocator keeps does not.
  for (int round = 0; round < 2; ++round) {
    const uint64_t before = allocated_bytes();
    KT_TRY(cycles(kCycles));
    const uint64_t after = allocated_bytes();
    const double growth = after > before ? static_cast<double>(after - before) / kCycles : 0;
    least = round == 0 ? growth : std::min(least, growth);
  }
  return least >= 8 ? least : 0.0;
}

core::Result<double> speed_against_oracle(const core::Registry& registry, const core::OperatorEntry& entry,
                                          const BuiltCase& built) {
  const auto op = KT_TRY(make(entry, built));
  const double mine = KT_TRY(least_seconds([&] { return run(*op, built, 1); }));
  for (const core::OperatorInfo* info : registry.all()) {
    if (info->plugin != "ref" || info->implements != entry.info.implements) continue;
    const auto reference = KT_TRY(make(*registry.entry(info->name), built));
    return KT_TRY(least_seconds([&] { return run(*reference, built, 1); })) / mine;
  }
  const double body =
      KT_TRY(least_seconds([&] { return Evaluation::make(registry, built, built.inputs, built.spec->segments); }));
  return body / mine;
}

}  // namespace kt::conformance
