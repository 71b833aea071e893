#include "apps/bench/peak.h"
#include "apps/bench/peak_chains.h"

namespace kt::bench {
namespace {

typedef float Vector __attribute__((vector_size(64)));

}  // namespace

double f32_peak_avx512(int64_t rounds) {
  return run_chains<Vector>(rounds, 32, [](Vector& sum, const Vector& a, const Vector& b) {
    __asm__ volatile("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
  });
}

double bf16_peak_avx512_bf16(int64_t rounds) {
  return run_chains<Vector>(rounds, 64, [](Vector& sum, const Vector& a, const Vector& b) {
    __asm__ volatile("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
  });
}

double int8_peak_avx512_vnni(int64_t rounds) {
  return run_chains<Vector>(rounds, 128, [](Vector& sum, const Vector& a, const Vector& b) {
    __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
  });
}

}  // namespace kt::bench
