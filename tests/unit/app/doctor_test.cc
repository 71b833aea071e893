// kt doctor's checks on machines that are made up, so that each of their words is seen.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "apps/kt/doctor_checks.h"

namespace kt::app {
namespace {

namespace fs = std::filesystem;

const Marks kMarks = {"✓", "!", "✗"};
const Anonymiser kAnonymous("/home/ann", "ann", "brunhilde");

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bench::MachineFacts server() {
  bench::MachineFacts out;
  out.processors = 96, out.memory_nodes = 2;
  out.governor = "powersave", out.governor_driver = "acpi-cpufreq";
  out.huge_pages = "never", out.numa_balancing = "1";
  out.caches = {{"L1d", 48 << 10}, {"L1i", 32 << 10}, {"L2", 2 << 20}, {"L3", 105 << 20}};
  return out;
}

core::PluginRecord record(const std::string& name, const std::string& file, const std::string& reason) {
  core::PluginRecord out;
  out.path = "/home/ann/.local/share/kt/plugins/" + file;
  out.manifest.name = name, out.manifest.version = "1.0.0";
  out.loaded = reason.empty();
  out.reason = reason;
  return out;
}

std::vector<core::PluginRecord> plugins() {
  core::PluginRecord cpu = record("cpu", "libkt_cpu_avx512.so", ""), family = record("llama", "libkt_model_llama.so", "");
  cpu.operators = 41, family.models = 1;
  return {
      cpu, record("cpu", "libkt_cpu_avx2.so", "not needed: another serves plugin 'cpu' on this machine"),
      record(
          "npu", "libacme_npu.so",
          "kt: error[KT-E0604]: /home/ann/.local/share/kt/plugins/libacme_npu.so needs host ABI 3.0, this kt has 1.0\n  hint: x"),
      record("wide", "libwide.so",
             "kt: error[KT-E0701]: libwide.so needs the processor feature amx_tile, which this machine lacks"),
      family};
}

const Finding* find(const std::vector<Finding>& findings, const std::string& topic) {
  for (const Finding& finding : findings)
    if (finding.topic == topic) return &finding;
  return nullptr;
}

TEST(Doctor, ShowsWhatIsWrongInTwoColumns) {
  std::vector<Finding> findings = {
      check_processor({"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8"}, "x86_64")};
  for (Finding& finding : check_settings(server())) findings.push_back(finding);
  findings.push_back(check_memory({uint64_t{512} << 30, uint64_t{480} << 30, ""}));
  findings.push_back(check_bandwidth({312e9, false}, 96));
  for (Finding& finding : check_plugins(plugins(), kAnonymous)) findings.push_back(finding);
  const std::string golden = KT_TEST_DATA "/doctor/troubled.txt", text = findings_text(findings, kMarks);
  if (std::getenv("KT_UPDATE")) std::ofstream(golden) << text;
  EXPECT_EQ(text, read(golden));
  EXPECT_EQ(count(findings, Grade::kProblem), 1);
  EXPECT_EQ(count(findings, Grade::kWarning), 4);
}

TEST(Doctor, IsContentWithAMachineThatIsSetUpWell) {
  bench::MachineFacts facts = server();
  facts.governor_driver = "intel_pstate", facts.huge_pages = "madvise", facts.numa_balancing = "0";
  for (const Finding& finding : check_settings(facts)) EXPECT_EQ(finding.grade, Grade::kOk) << finding.text;
  facts = server();
  facts.memory_nodes = 1;
  EXPECT_EQ(find(check_settings(facts), "numa_balancing"), nullptr) << "it moves nothing where there is one node";
}

TEST(Doctor, WarnsWhereMemoryOrProcessorAreTooSmall) {
  const Finding memory = check_memory({uint64_t{16} << 30, uint64_t{300} << 20, "the cgroup's limit"});
  EXPECT_EQ(memory.grade, Grade::kWarning);
  EXPECT_EQ(memory.text, "memory 300 MiB of 16.0 GiB free (the cgroup's limit)");
  EXPECT_EQ(memory.fix, "raise the cgroup's limit");
  EXPECT_EQ(check_processor({"avx"}, "x86_64").grade, Grade::kWarning);
  EXPECT_EQ(isa_text({"avx2", "fma", "avx_vnni"}), "AVX2 FMA VNNI");
  EXPECT_EQ(check_bandwidth({}, 4).grade, Grade::kWarning);
}

TEST(Doctor, SaysThatNothingCanRunWithoutPlugins) {
  const std::vector<Finding> found = check_plugins({}, kAnonymous);
  EXPECT_EQ(count(found, Grade::kProblem), 2);
  EXPECT_EQ(find(found, "models")->grade, Grade::kProblem);
}

TEST(Doctor, KnowsAnotherProgramOfItsNameInFrontOfIt) {
  const fs::path root = fs::temp_directory_path() / ("kt_doctor_test_" + std::to_string(getpid()));
  for (const char* folder : {"first", "own", "none"}) fs::create_directories(root / folder);
  for (const char* folder : {"first", "own"}) {
    std::ofstream(root / folder / "kt") << "x";
    fs::permissions(root / folder / "kt", fs::perms::owner_all);
  }
  std::ofstream(root / "none/kt") << "cannot be run";
  const auto check = [&](const char* a, const char* b) {
    return check_path((root / a).string() + ":" + (root / b).string(), (root / "own/kt").string(), kAnonymous);
  };
  EXPECT_TRUE(check("own", "first").empty());
  EXPECT_TRUE(check("none", "own").empty());
  ASSERT_EQ(check("first", "own").size(), 1u);
  EXPECT_EQ(check("first", "own")[0].grade, Grade::kProblem);
  EXPECT_EQ(check_disk((root / "not/there/yet").string(), kAnonymous).size(), 1u);
  fs::remove_all(root);
}

TEST(Doctor, TakesNamesOutOfTexts) {
  EXPECT_EQ(kAnonymous("/home/ann/bin/kt"), "~/bin/kt");
  EXPECT_EQ(kAnonymous("/srv/ann/kt on brunhilde"), "/srv/USER/kt on HOST");
  EXPECT_EQ(kAnonymous("an announcement"), "an announcement");
  EXPECT_EQ(Anonymiser("/", "", "")("/bin/kt"), "/bin/kt");
}

}  // namespace
}  // namespace kt::app
