// Checks of the processor, of memory and of the settings of the system.
#include <cstdio>

#include "apps/kt/doctor_checks.h"

namespace kt::app {
namespace {

constexpr uint64_t kLittleMemory = uint64_t{1} << 30;

std::string size_text(uint64_t bytes) {
  const bool large = bytes >= uint64_t{1} << 30, medium = bytes >= uint64_t{1} << 20;
  char text[32];
  if (large)
    std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / 0x1p30);
  else
    std::snprintf(text, sizeof text, "%.0f %s", static_cast<double>(bytes) / (medium ? 0x1p20 : 0x1p10), medium ? "MiB" : "KiB");
  return text;
}

Finding check_caches(const bench::MachineFacts& facts) {
  std::string text;
  for (const bench::Cache& cache : facts.caches)
    if (!cache.name.ends_with('i')) text += (text.empty() ? "" : ", ") + cache.name + " " + size_text(cache.bytes);
  return {Grade::kOk, "caches", "caches " + text, ""};
}

Finding check_nodes(const bench::MachineFacts& facts) {
  const std::string nodes = std::to_string(facts.memory_nodes) + " NUMA node" + (facts.memory_nodes == 1 ? "" : "s");
  return {Grade::kOk, "processors", std::to_string(facts.processors) + " processors, " + nodes, ""};
}

Finding check_huge_pages(const std::string& mode) {
  if (mode != "never") return {Grade::kOk, "huge_pages", "transparent huge pages: " + mode, ""};
  return {Grade::kWarning, "huge_pages", "transparent huge pages are never used",
          "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"};
}

// With these drivers "powersave" goes up to the full clock as well.
bool is_hardware_driver(const std::string& driver) {
  return driver.starts_with("intel_pstate") || driver.starts_with("amd-pstate-epp") || driver.starts_with("amd_pstate_epp");
}

Finding check_governor(const bench::MachineFacts& facts) {
  const bool slow = facts.governor == "powersave" && !is_hardware_driver(facts.governor_driver);
  if (!slow) return {Grade::kOk, "governor", "governor " + facts.governor, ""};
  return {Grade::kWarning, "governor", "governor powersave keeps the clock low", "sudo cpupower frequency-set -g performance"};
}

}  // namespace

std::string isa_text(const std::set<std::string>& features) {
  const auto has = [&](const char* name) { return features.contains(name); };
  std::string out;
  if (has("avx512f"))
    out = std::string("AVX-512") + (has("avx512_vnni") ? " VNNI" : "") + (has("avx512_bf16") ? " BF16" : "");
  else if (has("avx2"))
    out = std::string("AVX2") + (has("fma") ? " FMA" : "") + (has("avx_vnni") ? " VNNI" : "");
  if (has("amx_tile")) out += std::string(", AMX") + (has("amx_int8") ? " int8" : "") + (has("amx_bf16") ? " bf16" : "");
  return out;
}

Finding check_processor(const std::set<std::string>& features, const std::string& architecture) {
  const std::string text = isa_text(features);
  if (!text.empty()) return {Grade::kOk, "cpu", "CPU " + text, ""};
  return {Grade::kWarning, "cpu", "CPU (" + architecture + ") without AVX2: only the plugin ref works here, and it is slow", ""};
}

std::vector<Finding> check_settings(const bench::MachineFacts& facts) {
  std::vector<Finding> out;
  if (!facts.caches.empty()) out.push_back(check_caches(facts));
  out.push_back(check_nodes(facts));
  if (!facts.huge_pages.empty()) out.push_back(check_huge_pages(facts.huge_pages));
  if (!facts.governor.empty()) out.push_back(check_governor(facts));
  if (facts.memory_nodes > 1 && !facts.numa_balancing.empty() && facts.numa_balancing != "0")
    out.push_back({Grade::kWarning, "numa_balancing", "numa_balancing=" + facts.numa_balancing + " slows pinned experts",
                   "sudo sysctl kernel.numa_balancing=0"});
  return out;
}

Finding check_memory(const core::HostMemory& memory) {
  std::string text = "memory " + size_text(memory.available) + " of " + size_text(memory.total) + " free";
  if (!memory.limit.empty()) text += " (" + memory.limit + ")";
  if (memory.available >= kLittleMemory) return {Grade::kOk, "memory", text, ""};
  return {Grade::kWarning, "memory", text, memory.limit.empty() ? "end programs that hold memory" : "raise " + memory.limit};
}

Finding check_bandwidth(const core::Bandwidth& bandwidth, int threads) {
  if (bandwidth.bytes_per_second <= 0)
    return {Grade::kWarning, "bandwidth", "memory bandwidth was not measured: no memory for it", ""};
  char text[100];
  std::snprintf(text, sizeof text, "memory reads %.1f GB/s, %d threads%s", bandwidth.bytes_per_second * 1e-9, threads,
                bandwidth.in_cache ? " (partly from caches)" : "");
  return {Grade::kOk, "bandwidth", text, ""};
}

}  // namespace kt::app
