#include "apps/bench/peak.h"
#include "apps/bench/peak_chains.h"

namespace kt::bench {
namespace {

typedef float Vector __attribute__((vector_size(32)));

}  // namespace

double f32_peak_avx2(int64_t rounds) {
  return run_chains<Vector>(rounds, 16, [](Vector& sum, const Vector& a, const Vector& b) {
    __asm__ volatile("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
  });
}

// Without a fused instruction an int8 product takes three: bytes to pairs, pairs to words, words to the sum.
double int8_peak_avx2(int64_t rounds) {
  return run_chains<Vector>(rounds, 64, [](Vector& sum, const Vector& a, const Vector& b) {
    Vector pairs;
    __asm__ volatile("vpmaddubsw %3, %2, %1\n\tvpmaddwd %3, %1, %1\n\tvpaddd %1, %0, %0"
                     : "+x"(sum), "=&x"(pairs)
                     : "x"(a), "x"(b));
  });
}

}  // namespace kt::bench
