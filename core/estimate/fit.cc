#include "core/estimate/fit.h"

#include <algorithm>
#include <cstdio>

namespace kt::core {
namespace {

constexpr int32_t kSmallBatch = 64;

std::string size_text(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  while (bytes >= 1024 && unit < 4) bytes /= 1024, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

std::vector<Shortage> shortages_of(const MemoryPlan& plan, const MachineDescription& machine) {
  std::vector<Shortage> out;
  for (const auto& [name, need] : plan.devices) {
    const MachineDevice* device = machine.machine.find(name);
    const uint64_t free = device ? device->free_bytes : 0;
    if (need.total() > free) out.push_back({name, need.total(), free});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.need - a.free > b.need - b.free; });
  return out;
}

class Search {
 public:
  Search(const MemoryPlan& plan, const MachineDescription& machine, const Replan& replan)
      : plan_(plan), machine_(machine), replan_(replan) {}

  Result<FitReport> run() {
    report_.shortages = shortages_of(plan_, machine_);
    if (report_.fits()) return std::move(report_);
    RunSizes all = plan_.sizes;
    std::string flags;
    KT_TRY(try_small_cache(all, flags));
    KT_TRY(try_small_batch(all, flags));
    KT_TRY(try_short_context(plan_.sizes, ""));
    if (report_.changes.empty()) KT_TRY(try_together(all, flags));
    if (report_.changes.empty()) count_bits();
    std::sort(report_.changes.begin(), report_.changes.end(), [](const auto& a, const auto& b) { return a.saved < b.saved; });
    return std::move(report_);
  }

 private:
  Status try_small_cache(RunSizes& all, std::string& flags) {
    const auto& types = plan_.cache_dtypes;
    if (std::find(types.begin(), types.end(), KT_F32) == types.end() || plan_.cache_bytes(worst(), plan_.sizes.context) == 0)
      return {};
    all.cache_type = "f16";
    flags = "--ctk f16";
    RunSizes alone = plan_.sizes;
    alone.cache_type = "f16";
    return try_sizes(alone, flags).status();
  }

  Status try_small_batch(RunSizes& all, std::string& flags) {
    if (chunk_size(plan_.sizes.batch, plan_.sizes.context) <= kSmallBatch) return {};
    all.batch = kSmallBatch;
    const std::string flag = "-b " + std::to_string(kSmallBatch);
    flags += (flags.empty() ? "" : " ") + flag;
    RunSizes alone = plan_.sizes;
    alone.batch = kSmallBatch;
    return try_sizes(alone, flag).status();
  }

  Status try_short_context(const RunSizes& sizes, const std::string& flags) {
    const MemoryPlan plan = KT_TRY(replan_(sizes));
    RunSizes shorter = sizes;
    shorter.context = largest_context(plan, machine_);
    if (shorter.context == 0 || shorter.context >= sizes.context) return {};
    return try_sizes(shorter, flags + (flags.empty() ? "" : " ") + "-c " + std::to_string(shorter.context)).status();
  }

  // No change helps alone: those that keep the context, and then with the longest context that is left.
  Status try_together(const RunSizes& all, const std::string& flags) {
    if (flags.empty() || KT_TRY(try_sizes(all, flags))) return {};
    return try_short_context(all, flags);
  }

  Result<bool> try_sizes(const RunSizes& sizes, const std::string& flags) {
    const MemoryPlan plan = KT_TRY(replan_(sizes));
    if (!shortages_of(plan, machine_).empty()) return false;
    const auto total = [&](const MemoryPlan& p) { return static_cast<int64_t>(p.devices.at(worst()).total()); };
    report_.changes.push_back({flags, total(plan_) - total(plan)});
    return true;
  }

  void count_bits() {
    const Shortage& shortage = report_.shortages.front();
    const DeviceNeed& need = plan_.devices.at(shortage.device);
    const uint64_t rest = need.total() - need.weights;
    if (plan_.parameters == 0 || need.weights == 0) return;
    uint64_t all = 0;
    for (const auto& [name, device] : plan_.devices) all += device.weights;
    report_.bits_now = 8.0 * static_cast<double>(all) / static_cast<double>(plan_.parameters);
    if (shortage.free > rest)
      report_.bits_a_weight = report_.bits_now * static_cast<double>(shortage.free - rest) / static_cast<double>(need.weights);
  }

  const std::string& worst() const { return report_.shortages.front().device; }

  const MemoryPlan& plan_;
  const MachineDescription& machine_;
  const Replan& replan_;
  FitReport report_;
};

std::string hint_of(const FitReport& report) {
  std::string out;
  for (const PlanChange& change : report.changes)
    out +=
        (out.empty() ? "smallest change: " : ", or ") + change.flags + " (-" + size_text(static_cast<double>(change.saved)) + ")";
  if (!out.empty()) return out;
  char bits[128] = "";
  if (report.bits_a_weight >= 1)
    std::snprintf(bits, sizeof bits, "a file with at most %.1f bits a weight (this has %.1f), or ", report.bits_a_weight,
                  report.bits_now);
  const Shortage& shortage = report.shortages.front();
  return std::string("no flag makes it fit; take ") + bits + "a machine with " + size_text(static_cast<double>(shortage.need)) +
         " free on " + shortage.device;
}

}  // namespace

int32_t largest_context(const MemoryPlan& plan, const MachineDescription& machine) {
  int64_t pages = plan.sizes.context / kPageSize;
  for (const auto& [name, need] : plan.devices) {
    const uint64_t page = plan.cache_bytes(name, kPageSize);
    const MachineDevice* device = machine.machine.find(name);
    const uint64_t rest = need.weights + need.work, free = device ? device->free_bytes : 0;
    if (rest > free) return 0;
    if (page > 0) pages = std::min(pages, static_cast<int64_t>((free - rest) / page));
  }
  return static_cast<int32_t>(pages * kPageSize);
}

Result<FitReport> check_fit(const MemoryPlan& plan, const MachineDescription& machine, const Replan& replan) {
  return Search(plan, machine, replan).run();
}

Error does_not_fit(const FitReport& report, const MachineDescription& machine) {
  std::string text;
  for (const Shortage& shortage : report.shortages) {
    const bool host = shortage.device == "cpu";
    text += text.empty() ? "the model needs " : ", and ";
    text += size_text(static_cast<double>(shortage.need)) + (host ? " of memory" : " on " + shortage.device) + ", " +
            size_text(static_cast<double>(shortage.free)) + " free";
    if (host && !machine.host_limit.empty()) text += " (" + machine.host_limit + ")";
  }
  return fail(501, text, hint_of(report));
}

}  // namespace kt::core
