// Runs the tests if the processor has the instruction set they were built for, else tells ctest that they were skipped.
#include <gtest/gtest.h>

#include <cstdio>

namespace {

bool processor_fits() {
#if defined(KT_TEST_AVX512)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
         __builtin_cpu_supports("avx512vbmi");
#else
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (!processor_fits()) {
    std::puts("skipped: the processor lacks the instruction set of this test");
    return 77;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
