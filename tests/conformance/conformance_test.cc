// Every operator of every library in the build's plugin folder, on every case of its class.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "core/plugin/registry.h"
#include "core/conformance/check.h"

namespace kt::conformance {
namespace {

// KT_CONFORMANCE_PLUGINS names another folder than the build's.
const core::Registry& registry() {
  static const auto loaded = [] {
    const char* folder = std::getenv("KT_CONFORMANCE_PLUGINS");
    auto out = std::make_unique<core::Registry>();
    out->load_folders({folder ? folder : KT_BUILD_DIR "/lib/kt/plugins"});
    return out;
  }();
  return *loaded;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = all_cases();
  return all;
}

// Operators that run on host memory; devices of their own are for `kt plugins check`.
std::vector<std::string> host_operators() {
  std::vector<std::string> out;
  for (const core::OperatorInfo* info : registry().all())
    if (info->device == "cpu" && registry().entry(info->name) != nullptr) out.push_back(info->name);
  return out;
}

class ConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(ConformanceTest, AgreesWithTheOracle) {
  const core::OperatorEntry& entry = *registry().entry(GetParam());
  const Report report = check_operator(registry(), entry, cases());
  for (const std::string& failure : report.failures) ADD_FAILURE() << GetParam() << ", " << failure;
  EXPECT_GT(report.cases, 0) << GetParam() << " supports no case of class " << entry.info.implements
                             << (report.refused.empty() ? "" : ": " + report.refused.front());
  std::printf("    %-24s %4d cases, %3zu refused, largest difference %.3f of the allowed one\n", GetParam().c_str(), report.cases,
              report.refused.size(), report.worst);
}

INSTANTIATE_TEST_SUITE_P(Operators, ConformanceTest, testing::ValuesIn(host_operators()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name)
    if (c == '.') c = '_';
  return name;
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConformanceTest);

TEST(Conformance, TheOracleIsLoaded) { ASSERT_NE(registry().entry("ref.linear"), nullptr) << "no plugin ref in the folder"; }

TEST(Conformance, EveryPrimitiveHasCases) {
  std::set<std::string> covered;
  for (const Case& c : cases()) covered.insert(c.class_name);
  for (const std::string& name : registry().classes().names())
    EXPECT_TRUE(covered.contains(name) || !registry().classes().find(name)->primitive) << name;
  for (const char* module : {"Mlp", "MoeExperts", "MoeGate", "MlaCore", "SwiGlu"})
    EXPECT_TRUE(covered.contains(module)) << module;
}

TEST(Conformance, NamesOfCasesAreUnique) {
  std::set<std::string> seen;
  for (const Case& c : cases()) EXPECT_TRUE(seen.insert(c.class_name + "/" + c.name).second) << c.class_name << "/" << c.name;
}

}  // namespace
}  // namespace kt::conformance
