// Loops of independent multiply-adds that run from registers, for the instruction sets that matter.
#pragma once

#include <cstdint>

namespace kt::bench {

// Runs `rounds` rounds and gives the number of operations that were done.
using PeakLoop = double (*)(int64_t rounds);

// The fastest loop for this processor.
PeakLoop f32_peak();
PeakLoop bf16_peak();
PeakLoop int8_peak();

// Each needs the processor features of its name.
double f32_peak_avx2(int64_t rounds);
double int8_peak_avx2(int64_t rounds);
double f32_peak_avx512(int64_t rounds);
double bf16_peak_avx512_bf16(int64_t rounds);
double int8_peak_avx512_vnni(int64_t rounds);

}  // namespace kt::bench
