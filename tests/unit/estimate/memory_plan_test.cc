#include "core/estimate/memory_plan.h"

#include <algorithm>
#include <cmath>

#include "tests/unit/estimate/fixture.h"

namespace kt::core {
namespace {

using test::golden;
using test::open_planned;

RunSizes small_run() {
  RunSizes out;
  out.threads = 2;
  out.context = 256;
  return out;
}

const PlanGroup* find(const MemoryPlan& plan, const std::string& what) {
  const auto it = std::find_if(plan.groups.begin(), plan.groups.end(), [&](const PlanGroup& g) { return g.what == what; });
  return it == plan.groups.end() ? nullptr : &*it;
}

// What is planned from headers, against what a runtime has allocated.
class PlanEqualsAllocations : public testing::TestWithParam<const char*> {};

TEST_P(PlanEqualsAllocations, WithinTwoPercent) {
  const auto planned = open_planned(golden(GetParam()));
  const auto plan = planned.plan(small_run());
  ASSERT_TRUE(plan.ok()) << plan.error().text();

  RuntimeOptions options;
  options.model = golden(GetParam());
  options.threads = 2;
  options.context = 256;
  options.need_tokenizer = false;
  const auto runtime = Runtime::open(test::registry(), options);
  ASSERT_TRUE(runtime.ok()) << runtime.error().text();

  const DeviceNeed& host = plan->devices.at("cpu");
  const MemoryUse& use = (*runtime)->executable().memory();
  EXPECT_TRUE(plan->exact_work);
  EXPECT_EQ(host.cache, (*runtime)->pool().bytes());
  EXPECT_EQ(host.work, use.work);
  // A copy takes the place of the bytes in the file, which the runtime counts as well.
  EXPECT_GE(static_cast<double>(host.weights), 0.98 * static_cast<double>(use.weights));
  EXPECT_LE(static_cast<double>(host.weights), 1.02 * static_cast<double>(use.weights + use.copies));
}

INSTANTIATE_TEST_SUITE_P(Models, PlanEqualsAllocations,
                         testing::Values("models/llama", "models/qwen3_moe", "models/deepseek_v3", "gguf/deepseek_v3-q8_0.gguf",
                                         "gguf/llama_wide-q4_k_m.gguf", "gguf/qwen3_moe-q4_1.gguf"));

TEST(MemoryPlan, CountsTheParametersOfDeepSeekV3) {
  const auto planned = open_planned(test::v3_config(), "bf16");
  const auto plan = planned.plan(RunSizes{});
  ASSERT_TRUE(plan.ok()) << plan.error().text();
  EXPECT_NEAR(static_cast<double>(plan->parameters), 671e9, 1e9);
  EXPECT_NEAR(static_cast<double>(plan->active_parameters), 37e9, 1e9);
  ASSERT_NE(find(*plan, "routed experts"), nullptr);
  EXPECT_EQ(find(*plan, "routed experts")->count, 58);
  EXPECT_EQ(find(*plan, "routed experts")->bytes, uint64_t{58} * 256 * 3 * 2048 * 7168 * 2);
  EXPECT_EQ(find(*plan, "attention")->count, 61);
  EXPECT_EQ(find(*plan, "shared experts")->count, 58);
  EXPECT_EQ(find(*plan, "dense MLP")->count, 3);
}

TEST(MemoryPlan, GroupsAddUpToTheWeightsOfTheDevice) {
  const auto planned = open_planned(test::v3_config(), "q4_k_m");
  const auto plan = planned.plan(RunSizes{});
  ASSERT_TRUE(plan.ok()) << plan.error().text();
  uint64_t sum = 0;
  for (const PlanGroup& group : plan->groups) sum += group.bytes;
  EXPECT_EQ(sum, plan->devices.at("cpu").weights);
}

TEST(MemoryPlan, CacheGrowsWithTheContextInWholePages) {
  const auto planned = open_planned(test::v3_config(), "q4_k_m");
  RunSizes sizes;
  sizes.context = 32768;
  sizes.cache_type = "f16";
  const auto plan = planned.plan(sizes);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->devices.at("cpu").cache, uint64_t{32768} * 61 * 576 * 2);
  EXPECT_EQ(plan->cache_bytes("cpu", 33), uint64_t{64} * 61 * 576 * 2);
  sizes.cache_type = "q8_0";
  EXPECT_EQ(planned.plan(sizes)->devices.at("cpu").cache, uint64_t{32768} * 61 * 576 / 32 * 34);
  sizes.cache_type = "q4_0";
  EXPECT_EQ(planned.plan(sizes)->devices.at("cpu").cache, uint64_t{32768} * 61 * 576 / 32 * 18);
}

}  // namespace
}  // namespace kt::core
