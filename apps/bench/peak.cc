#include "apps/bench/peak.h"

#include "core/plugin/cpu_features.h"

namespace kt::bench {
namespace {

double scalar_peak(int64_t rounds) {
  volatile float sum = 0;
  for (int64_t round = 0; round < rounds; ++round) sum = sum + 1.0f * static_cast<float>(round);
  return static_cast<double>(rounds) * 2;
}

#if defined(__x86_64__)
bool has(const char* feature) {
  static const auto kFeatures = core::cpu_features();
  return kFeatures.contains(feature);
}
#endif

}  // namespace

#if defined(__x86_64__)
PeakLoop f32_peak() { return has("avx512f") ? f32_peak_avx512 : has("fma") ? f32_peak_avx2 : scalar_peak; }
PeakLoop bf16_peak() { return has("avx512_bf16") ? bf16_peak_avx512_bf16 : f32_peak(); }
PeakLoop int8_peak() { return has("avx512_vnni") ? int8_peak_avx512_vnni : has("avx2") ? int8_peak_avx2 : scalar_peak; }
#else
PeakLoop f32_peak() { return scalar_peak; }
PeakLoop bf16_peak() { return scalar_peak; }
PeakLoop int8_peak() { return scalar_peak; }
#endif

}  // namespace kt::bench
