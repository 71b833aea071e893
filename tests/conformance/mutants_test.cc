// The cases find mistakes: each operator of the plugin "mutant" has one, and must fail in the way that it implies.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/plugin/registry.h"
#include "core/conformance/check.h"

namespace kt::conformance {
namespace {

struct Mutant {
  const char* name;
  const char* finding;  // part of what is said of it
};

constexpr Mutant kMutants[] = {{"missed_tail", "allowed difference"},
                               {"threads_in_sum", "on 3 threads"},
                               {"batch_in_sum", "rows come 1 at a time"},
                               {"rounded_input", "allowed difference"},
                               {"no_bias", "allowed difference"},
                               {"small_scratch", "behind the scratch"},
                               {"wrong_eps", "allowed difference"},
                               {"ignored_stride", "with rows further apart"},
                               {"beyond_the_row", "between the rows of output 0"},
                               {"in_place", "input 0 was written to"},
                               {"masked_nan", "a NaN of the input"},
                               {"last_row_left", "nan instead of"},
                               {"stale_scratch", "other content of the scratch"},
                               {"ties_by_high_index", "output 0, element"},
                               {"not_causal", "allowed difference"},
                               {"from_zero", "rows come"},
                               {"slot_left_out", "allowed difference"}};

class MutantTest : public testing::TestWithParam<Mutant> {};

TEST_P(MutantTest, IsFound) {
  core::Registry registry;
  registry.load_folders({KT_BUILD_DIR "/lib/kt/plugins", KT_BUILD_DIR "/tests/mutants"});
  const core::OperatorEntry* entry = registry.entry(std::string("mutant.") + GetParam().name);
  ASSERT_NE(entry, nullptr);
  const Report report = check_operator(registry, *entry, all_cases());
  EXPECT_GT(report.cases, 0);
  const bool found = std::any_of(report.failures.begin(), report.failures.end(), [](const std::string& failure) {
    return failure.find(GetParam().finding) != std::string::npos;
  });
  EXPECT_TRUE(found) << report.failures.size() << " failures, none of which says '" << GetParam().finding << "'"
                     << (report.failures.empty() ? "" : "; the first: " + report.failures.front());
}

INSTANTIATE_TEST_SUITE_P(Mutants, MutantTest, testing::ValuesIn(kMutants),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Mutants, EveryOperatorOfThePluginIsListed) {
  core::Registry registry;
  registry.load_folders({KT_BUILD_DIR "/tests/mutants"});
  std::vector<std::string> unlisted;
  for (const core::OperatorInfo* info : registry.all())
    if (std::none_of(std::begin(kMutants), std::end(kMutants),
                     [&](const Mutant& m) { return info->name == std::string("mutant.") + m.name; }))
      unlisted.push_back(info->name);
  EXPECT_EQ(registry.all().size(), std::size(kMutants));
  EXPECT_TRUE(unlisted.empty());
}

}  // namespace
}  // namespace kt::conformance
