#include "core/plugin/cpu_features.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstdint>
#endif

namespace kt::core {

#if defined(__x86_64__)
namespace {

struct Leaf { uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0; };

Leaf cpuid(uint32_t leaf, uint32_t subleaf) {
  Leaf out;
  __get_cpuid_count(leaf, subleaf, &out.eax, &out.ebx, &out.ecx, &out.edx);
  return out;
}

uint64_t enabled_state() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

struct Bit { const char* name; uint32_t value; int bit; };

void add(std::set<std::string>& out, std::initializer_list<Bit> bits) {
  for (const Bit& b : bits)
    if ((b.value >> b.bit) & 1) out.insert(b.name);
}

}  // namespace

std::set<std::string> cpu_features() {
  std::set<std::string> out;
  const Leaf one = cpuid(1, 0);
  const bool os_saves_registers = (one.ecx >> 27) & 1;
  if (!os_saves_registers) return out;
  const uint64_t state = enabled_state();
  const Leaf seven = cpuid(7, 0);
  const Leaf seven_one = cpuid(7, 1);
  if ((state & 0x6) == 0x6) {
    add(out, {{"avx", one.ecx, 28}, {"fma", one.ecx, 12}, {"f16c", one.ecx, 29}, {"avx2", seven.ebx, 5}, {"bmi2", seven.ebx, 8},
              {"avx_vnni", seven_one.eax, 4}});
  }
  if ((state & 0xE6) == 0xE6) {
    add(out, {{"avx512f", seven.ebx, 16}, {"avx512dq", seven.ebx, 17}, {"avx512bw", seven.ebx, 30}, {"avx512vl", seven.ebx, 31},
              {"avx512_vbmi", seven.ecx, 1}, {"avx512_vnni", seven.ecx, 11}, {"avx512_bf16", seven_one.eax, 5}});
  }
  if ((state & 0x60000) == 0x60000) add(out, {{"amx_bf16", seven.edx, 22}, {"amx_tile", seven.edx, 24}, {"amx_int8", seven.edx, 25}});
  return out;
}

#else
std::set<std::string> cpu_features() { return {}; }
#endif

namespace {

constexpr std::string_view kLevels[] = {"avx2", "avx_vnni", "avx512", "amx"};

std::string_view level_of(const std::string& feature) {
  for (const std::string_view level : {"avx_vnni", "avx512", "amx"})
    if (feature.starts_with(level)) return level;
  return "avx2";
}

}  // namespace

Result<std::set<std::string>> cpu_features_up_to(std::string_view level) {
  const auto* const last = std::find(std::begin(kLevels), std::end(kLevels), level);
  if (last == std::end(kLevels))
    return fail(102, "'" + std::string(level) + "' in KT_CPU_ISA is no level of instructions", "levels: avx2, avx_vnni, avx512, amx");
  std::set<std::string> out = cpu_features();
  std::erase_if(out, [&](const std::string& feature) { return std::find(std::begin(kLevels), last + 1, level_of(feature)) == last + 1; });
  return out;
}

Result<std::set<std::string>> usable_cpu_features() {
  const char* const level = std::getenv("KT_CPU_ISA");
  if (!level || !*level) return cpu_features();
  return cpu_features_up_to(level);
}

}  // namespace kt::core
