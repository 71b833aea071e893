// What the processor this program runs on can do.
#pragma once

#include <set>
#include <string>

namespace kt::core {

// Names as in /proc/cpuinfo: "avx2", "fma", "f16c", "bmi2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni",
// "avx512_bf16", "avx512_vbmi", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16". Checked by CPUID and by the operating
// system's register state (XGETBV), so that a feature listed here can be executed.
std::set<std::string> cpu_features();

}  // namespace kt::core
