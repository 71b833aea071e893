// A faulty operator or library is refused or contained, with a sentence that says what it did and on which case.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/conformance/plugin_check.h"
#include "core/plugin/registry.h"

namespace kt::conformance {
namespace {

namespace fs = std::filesystem;

std::string library(const std::string& name) { return KT_BUILD_DIR "/tests/plugins/" + name + "/libkt_fault.so"; }

PluginCheck check(const std::string& name, double silence = 20) {
  const std::vector<std::string> folders = {KT_BUILD_DIR "/lib/kt/plugins"};
  const auto target = find_plugin(library(name), folders);
  EXPECT_TRUE(target.ok()) << name;
  CheckOptions options;
  options.silence = silence;
  auto found = check_plugin(*target, folders, options, [](double) {});
  EXPECT_TRUE(found.ok()) << found.error().text();
  return found.ok() ? *found : PluginCheck();
}

std::string all_failures(const PluginCheck& found) {
  std::string out;
  for (const std::string& problem : found.load_problems) out += problem + "\n";
  for (const OperatorResult& op : found.operators)
    for (const CaseFailure& failure : op.failures) out += failure.case_id + " " + failure.what + "\n";
  return out;
}

struct Fault {
  const char* name;
  const char* finding;  // what one of the failures must say
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

const Fault kOperators[] = {{"create", "the licence has expired"},
                            {"refuses", "it refuses every case of class Silu"},
                            {"leak", "leaks 1"},
                            {"throws", "the shelf is empty"},
                            {"throws_int", "an exception of an unknown type was thrown"},
                            {"status", "the device is on fire"},
                            {"crash", "was ended by signal 11 (Segmentation fault)"},
                            {"trap", "was ended by signal 4 (Illegal instruction)"},
                            {"overflow", "was ended by signal 11 (Segmentation fault)"},
                            {"abort", "was ended by signal 6 (Aborted)"},
                            {"exit", "ended the process with exit status 0"},
                            {"hang", "did not come to an end within 2 s"},
                            {"folder", "it changes the working folder of the process"},
                            {"denormals", "it changes the mode of floating point arithmetic of the process"},
                            {"locale", "it changes the locale of the process"},
                            {"signals", "it changes the mask of signals of the process"},
                            {"thread", "it changes the number of threads of the process"},
                            {"past_end", "memory between the rows of output 0 was written to"},
                            {"input", "input 0 was written to"},
                            {"race", "in one run and"},
                            {"wrong", "instead of"},
                            {"nan", "is nan instead of"},
                            {"infinite", "is inf instead of"}};

class FaultyOperator : public testing::TestWithParam<Fault> {};

TEST_P(FaultyOperator, IsFoundAndNamedWithItsCase) {
  const bool hangs = std::string(GetParam().name) == "hang";
  const PluginCheck found = check(std::string("operator_") + GetParam().name, hangs ? 2 : 20);
  EXPECT_FALSE(found.passed());
  EXPECT_TRUE(found.loaded);
  ASSERT_EQ(found.operators.size(), 1u);
  const OperatorResult& op = found.operators[0];
  EXPECT_EQ(op.name, "fault.silu");
  const auto failure = std::find_if(op.failures.begin(), op.failures.end(),
                                    [](const CaseFailure& f) { return f.what.find(GetParam().finding) != std::string::npos; });
  ASSERT_NE(failure, op.failures.end()) << all_failures(found);
  const bool of_a_case = std::string(GetParam().name) != "refuses";
  EXPECT_EQ(failure->case_id.starts_with("Silu/"), of_a_case) << failure->case_id;
}

INSTANTIATE_TEST_SUITE_P(Kinds, FaultyOperator, testing::ValuesIn(kOperators), [](const auto& info) { return info.param.name; });

TEST(SoundOperator, PassesWithAllItsMeasures) {
  const PluginCheck found = check("operator_none");
  EXPECT_TRUE(found.passed()) << all_failures(found);
  ASSERT_EQ(found.operators.size(), 1u);
  EXPECT_GT(found.operators[0].cases, 5);
  EXPECT_EQ(found.operators[0].runs, 1000);
  EXPECT_EQ(found.operators[0].leaked, 0);
  EXPECT_GT(found.operators[0].speed, 0);
}

TEST(SoundOperator, OneCaseIsRunAlone) {
  const std::vector<std::string> folders = {KT_BUILD_DIR "/lib/kt/plugins"};
  const auto target = find_plugin(library("operator_wrong"), folders);
  ASSERT_TRUE(target.ok());
  CheckOptions options;
  options.only_case = "silu/0001";
  const auto one = check_plugin(*target, folders, options, [](double) {});
  ASSERT_TRUE(one.ok()) << one.error().text();
  EXPECT_EQ(one->operators[0].cases, 1);
  options.only_case = "Silu/9999";
  const auto none = check_plugin(*target, folders, options, [](double) {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, 901);
}

const Fault kLibraries[] = {{"old", "needs host ABI 0.9, this kt has 1.0"},
                            {"newer", "needs host ABI 1.1, this kt has 1.0"},
                            {"needs", "libkt_fault_absent.so: cannot open shared object file"},
                            {"throws", "no such device"},
                            {"throws_int", "it threw an exception of an unknown type"},
                            {"exit", "the library ended the process with exit status 3 while it was loaded"},
                            {"crash", "the library was ended by signal 11 (Segmentation fault) while it was loaded"}};

class FaultyLibrary : public testing::TestWithParam<Fault> {};

TEST_P(FaultyLibrary, IsRefusedWithTheReason) {
  const PluginCheck found = check(std::string("library_") + GetParam().name);
  EXPECT_FALSE(found.passed());
  EXPECT_FALSE(found.loaded);
  EXPECT_NE(all_failures(found).find(GetParam().finding), std::string::npos) << all_failures(found);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FaultyLibrary, testing::ValuesIn(kLibraries), [](const auto& info) { return info.param.name; });

TEST(FaultyLibraries, OfAnotherAbiAreNotEvenOpened) {
  const std::string mark = testing::TempDir() + "kt_side_effect_" + std::to_string(getpid());
  fs::remove(mark);
  setenv("KT_TEST_SIDE_EFFECT", mark.c_str(), 1);
  EXPECT_FALSE(check("library_side_effect").loaded);
  core::Registry registry;
  registry.load_files({core::library_file(library("library_side_effect"))});
  unsetenv("KT_TEST_SIDE_EFFECT");
  ASSERT_EQ(registry.plugins().size(), 1u);
  EXPECT_NE(registry.plugins()[0].reason.find("KT-E0604"), std::string::npos);
  EXPECT_FALSE(fs::exists(mark)) << "the constructor of a refused library ran";
}

TEST(FaultyLibraries, ThatShowTheirSymbolsAreNamedWithThem) {
  const PluginCheck found = check("library_exports");
  EXPECT_TRUE(found.loaded) << all_failures(found);
  EXPECT_FALSE(found.passed());
  EXPECT_NE(std::find(found.exported.begin(), found.exported.end(), "fault_helper"), found.exported.end());
  EXPECT_FALSE(found.standard.empty());
}

TEST(FaultyLibraries, DoNotKeepTheNextFromLoading) {
  for (const char* name : {"library_throws", "library_throws_int", "library_old"}) {
    core::Registry registry;
    registry.load_files({core::library_file(library(name)), core::library_file(KT_BUILD_DIR "/lib/kt/plugins/libkt_ref.so")});
    ASSERT_EQ(registry.plugins().size(), 2u);
    EXPECT_FALSE(registry.plugins()[0].loaded) << name;
    EXPECT_NE(registry.entry("ref.linear"), nullptr) << name;
  }
}

TEST(FaultyLibraries, WithAnOperatorThatIsThereAlreadyNameBothFiles) {
  core::Registry registry;
  registry.load_files({core::library_file(library("operator_none")), core::library_file(library("operator_twin"))});
  ASSERT_EQ(registry.plugins().size(), 2u);
  const std::string& reason = registry.plugins()[1].reason;
  EXPECT_NE(reason.find("KT-E0607"), std::string::npos) << reason;
  EXPECT_NE(reason.find("'fault.silu' is also in " + registry.plugins()[0].path), std::string::npos) << reason;
}

TEST(FaultyLibraries, ThatAreFoldersAreNoPlugins) {
  const fs::path folder = fs::path(testing::TempDir()) / ("kt_plugin_folder_" + std::to_string(getpid()));
  fs::create_directories(folder / "libkt_folder.so");
  core::Registry registry;
  registry.load_folders({folder.string()});
  ASSERT_EQ(registry.plugins().size(), 1u);
  EXPECT_NE(registry.plugins()[0].reason.find("not a plugin"), std::string::npos) << registry.plugins()[0].reason;
  fs::remove_all(folder);
}

TEST(FindPlugin, SaysThatThereIsNone) {
  const auto found = find_plugin("no_such_plugin", {KT_BUILD_DIR "/lib/kt/plugins"});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, 609);
}

}  // namespace
}  // namespace kt::conformance
