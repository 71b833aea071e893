#include "core/estimate/fit.h"

#include "tests/unit/estimate/fixture.h"

namespace kt::core {
namespace {

using test::machine_with;
using test::open_planned;

class Fit : public testing::Test {
 protected:
  void SetUp() override {
    sizes_.context = 65536;
    sizes_.cache_type = "f32";
    sizes_.threads = 2;
    const auto plan = model_.plan(sizes_);
    ASSERT_TRUE(plan.ok()) << plan.error().text();
    plan_ = *plan;
  }
  const DeviceNeed& need() const { return plan_.devices.at("cpu"); }
  FitReport check(uint64_t free) {
    auto report = check_fit(plan_, machine_with(free), model_.replan());
    EXPECT_TRUE(report.ok());
    return *report;
  }
  // The plan with a context, from scratch.
  uint64_t total_with(int32_t context, const std::string& cache_type, int32_t batch) {
    RunSizes sizes = sizes_;
    sizes.context = context;
    sizes.cache_type = cache_type;
    sizes.batch = batch;
    return model_.plan(sizes)->devices.at("cpu").total();
  }

  test::Planned model_ = open_planned(test::v3_config(), "q4_k_m");
  RunSizes sizes_;
  MemoryPlan plan_;
};

TEST_F(Fit, WithExactlyEnoughMemory) {
  EXPECT_TRUE(check(need().total()).fits());
  EXPECT_FALSE(check(need().total() - 1).fits());
}

TEST_F(Fit, NamesTheSmallestChangesThatSuffice) {
  const FitReport report = check(need().total() - (64u << 20));
  ASSERT_FALSE(report.fits());
  ASSERT_FALSE(report.changes.empty());
  for (size_t i = 1; i < report.changes.size(); ++i) EXPECT_LE(report.changes[i - 1].saved, report.changes[i].saved);
  bool has_cache = false;
  for (const PlanChange& change : report.changes) has_cache |= change.flags == "--ctk f16";
  EXPECT_TRUE(has_cache);
  const Error error = does_not_fit(report, machine_with(1));
  EXPECT_EQ(error.code, 501);
  EXPECT_NE(error.hint.find("--ctk f16"), std::string::npos) << error.hint;
}

TEST_F(Fit, TheContextItNamesFitsAndOnePageMoreDoesNot) {
  const uint64_t free = need().weights + need().work + need().cache / 3;
  const int32_t context = largest_context(plan_, machine_with(free));
  ASSERT_GT(context, 0);
  EXPECT_LE(total_with(context, "f32", sizes_.batch), free);
  EXPECT_GT(total_with(context + kPageSize, "f32", sizes_.batch), free);
}

TEST_F(Fit, JoinsChangesWhereNoneSufficesAlone) {
  const uint64_t free = total_with(sizes_.context, "f16", 64) + (1u << 20);
  const FitReport report = check(free);
  ASSERT_FALSE(report.fits());
  const bool alone = total_with(sizes_.context, "f16", sizes_.batch) <= free;
  ASSERT_FALSE(alone);
  EXPECT_FALSE(report.changes.empty());
}

TEST_F(Fit, SaysHowManyBitsWouldFitWhereNoFlagHelps) {
  const FitReport report = check(need().weights / 2);
  EXPECT_TRUE(report.changes.empty());
  EXPECT_GT(report.bits_now, 4.0);
  EXPECT_LT(report.bits_a_weight, report.bits_now / 2);
  EXPECT_GT(report.bits_a_weight, 1.0);
}

TEST(RuntimeMemory, RefusesBeforeLoadingWhatTheCallerSaysDoesNotFit) {
  RuntimeOptions options;
  options.model = test::golden("models/llama");
  options.need_tokenizer = false;
  options.context = 256;
  options.sequences = 1 << 24;  // a cache larger than any machine's memory
  const auto runtime = Runtime::open(test::registry(), options);
  ASSERT_FALSE(runtime.ok());
  EXPECT_EQ(runtime.error().code, 501) << runtime.error().text();
}

}  // namespace
}  // namespace kt::core
