// What the processor this program runs on can do.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace kt::core {

// Names as in /proc/cpuinfo: "avx2", "fma", "f16c", "bmi2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni",
// "avx512_bf16", "avx512_vbmi", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16". Checked by CPUID and by the operating
// system's register state (XGETBV), so that a feature listed here can be executed.
std::set<std::string> cpu_features();

// Those of cpu_features() that belong to `level` or a lesser one: "avx2" < "avx_vnni" < "avx512" < "amx". KT-E0102 for another name.
Result<std::set<std::string>> cpu_features_up_to(std::string_view level);

// cpu_features() up to the level in the environment's KT_CPU_ISA; all of them where it is not set.
Result<std::set<std::string>> usable_cpu_features();

}  // namespace kt::core
