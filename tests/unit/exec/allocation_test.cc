// A decode step allocates nothing: the allocator of this program counts.
#include <atomic>
#include <cstdlib>

#include "tests/e2e/fixture.h"

namespace {

std::atomic<bool> g_counting{false};
std::atomic<long> g_allocations{0};

void count() {
  if (g_counting.load(std::memory_order_relaxed)) g_allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}
void* memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
}

namespace kt::core::test {
namespace {

class DecodeStep : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(DecodeStep, AllocatesNothing) {
  const auto& [model, rules] = GetParam();
  const auto runtime = open_runtime(options_for(model, rules));
  ASSERT_NE(runtime, nullptr);
  Executable& executable = runtime->executable();
  const int32_t sequence = *runtime->pool().open();
  Batch batch;
  batch.tokens = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  batch.segments = {{sequence, 0, 11}};
  batch.output_rows = {10};
  ASSERT_TRUE(executable.run(batch, runtime->pool()).ok());
  const auto step = [&](int32_t position) {
    batch.clear();
    batch.tokens.push_back(position % 50);
    batch.segments.push_back({sequence, position, 1});
    batch.output_rows.push_back(0);
    return executable.run(batch, runtime->pool()).ok();
  };
  ASSERT_TRUE(step(11));
  bool ok = true;
  g_allocations = 0;
  g_counting = true;
  for (int32_t position = 12; position < 140; ++position) ok &= step(position);
  g_counting = false;
  EXPECT_TRUE(ok);
  EXPECT_EQ(g_allocations, 0);
}

TEST(Allocator, OfThisProgramCounts) {
  g_allocations = 0;
  g_counting = true;
  std::free(std::malloc(10));
  delete new std::string(100, 'x');
  g_counting = false;
  EXPECT_GE(g_allocations, 3);
}

INSTANTIATE_TEST_SUITE_P(Models, DecodeStep,
                         testing::Combine(testing::Values("models/llama", "models/qwen2_swa", "models/qwen3_moe",
                                                          "models/deepseek_v3", "gguf/qwen3_moe-q8_0.gguf"),
                                          testing::Values("base/ref.yaml", "base/cpu.yaml")));

}  // namespace
}  // namespace kt::core::test
