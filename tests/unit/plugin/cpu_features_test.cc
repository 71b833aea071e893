#include "core/plugin/cpu_features.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace kt::core {
namespace {

TEST(CpuFeaturesTest, ALevelKeepsItselfAndLesserOnes) {
  const std::set<std::string> all = cpu_features();
  const auto amx = cpu_features_up_to("amx"), avx512 = cpu_features_up_to("avx512"), avx2 = cpu_features_up_to("avx2");
  ASSERT_TRUE(amx.ok() && avx512.ok() && avx2.ok());
  EXPECT_EQ(*amx, all);
  for (const std::string& feature : all) {
    const bool is_amx = feature.starts_with("amx"), is_avx512 = feature.starts_with("avx512");
    EXPECT_EQ(avx512->contains(feature), !is_amx) << feature;
    EXPECT_EQ(avx2->contains(feature), !is_amx && !is_avx512 && feature != "avx_vnni") << feature;
  }
}

TEST(CpuFeaturesTest, AnUnknownLevelIsRefusedWithTheKnownOnes) {
  const auto features = cpu_features_up_to("sse9");
  ASSERT_FALSE(features.ok());
  EXPECT_NE(features.error().text().find("avx_vnni"), std::string::npos);
}

TEST(CpuFeaturesTest, TheEnvironmentLimitsWhatIsUsed) {
  ::setenv("KT_CPU_ISA", "avx2", 1);
  const auto limited = usable_cpu_features();
  ::unsetenv("KT_CPU_ISA");
  ASSERT_TRUE(limited.ok());
  EXPECT_FALSE(limited->contains("avx512f"));
  EXPECT_EQ(*usable_cpu_features(), cpu_features());
}

}  // namespace
}  // namespace kt::core
