// The executor over the device "fake": asynchronous, with memory of its own, and failing when asked to.
#include <cstdlib>

#include "tests/e2e/fixture.h"

namespace kt::core::test {
namespace {

const Registry& with_fake() {
  static const std::unique_ptr<Registry> loaded = [] {
    auto out = std::make_unique<Registry>();
    out->load_folders({std::string(KT_BUILD_DIR) + "/lib/kt/plugins", std::string(KT_BUILD_DIR) + "/lib/kt/models",
                       std::string(KT_BUILD_DIR) + "/tests/plugins"});
    return out;
  }();
  return *loaded;
}

void set_faults(const std::string& text) { setenv("KT_FAKE_FAULTS", text.c_str(), 1); }

// Everything on ref, but what `rules` says.
Result<std::unique_ptr<Runtime>> open(const std::string& model, const std::string& rules, bool duplicate = false) {
  const std::string path = testing::TempDir() + "/kt_exec_rules.yaml";
  std::ofstream(path) << "kt_rules: 1\nrules:\n"
                      << rules << "  - { match: { name: '.*' }, replace: { operator: ['ref.*', default] } }\n";
  RuntimeOptions options = options_for(model, "");
  options.rules = {path};
  options.duplicate_weights = duplicate;
  return Runtime::open(with_fake(), options);
}

constexpr const char* kExperts =
    "  - { match: { class: MoeExperts }, replace: { operator: default, device: 'fake:0' } }\n"
    "  - { match: { name: 'experts\\.' }, replace: { operator: 'fake.*', device: 'fake:0' } }\n";
constexpr const char* kLinears =
    "  - { match: { class: Linear, layers: 0 }, replace: { operator: fake.linear, device: 'fake:1' } }\n"
    "  - { match: { class: Linear }, replace: { operator: fake.linear, device: 'fake:0' } }\n";
constexpr const char* kAttention =
    "  - { match: { class: Attention }, replace: { operator: fake.attention, device: 'fake:0' } }\n";

const std::vector<int32_t> kPrompt = {5, 17, 3, 99, 41, 7, 7, 120, 64, 33, 21, 2, 80};

struct DeviceCase {
  const char* name;
  const char* model;
  std::string rules;
};

class OnDevice : public testing::TestWithParam<DeviceCase> {
 protected:
  void TearDown() override { set_faults(""); }
};

TEST_P(OnDevice, GivesTheLogitsOfTheHost) {
  auto host = open(GetParam().model, "");
  ASSERT_TRUE(host.ok()) << host.error().text();
  auto device = open(GetParam().model, GetParam().rules);
  ASSERT_TRUE(device.ok()) << device.error().text();
  EXPECT_GT((*device)->executable().memory().on_devices + (*device)->executable().plan(KT_DECODE).arena_bytes.count("fake:0"),
            0u);
  const auto expected = all_logits(**host, kPrompt);
  for (const char* faults : {"", "delay_us=300"}) {
    set_faults(faults);
    const auto found = all_logits(**device, kPrompt);
    for (size_t row = 0; row < kPrompt.size(); ++row)
      EXPECT_LE(max_difference(found[row], std::vector<double>(expected[row].begin(), expected[row].end())), 1e-4) << row;
  }
}

TEST_P(OnDevice, AFailureEndsOneBatchAndNothingElse) {
  auto runtime = open(GetParam().model, GetParam().rules);
  ASSERT_TRUE(runtime.ok()) << runtime.error().text();
  KvPool& pool = (*runtime)->pool();
  const auto expected = all_logits(**runtime, kPrompt);
  const int64_t free = pool.free_pages();
  for (const char* kind : {"copy", "run", "refuse", "lost"})
    for (const int at : {1, 2, 3}) {
      set_faults(std::string(kind) + "=" + std::to_string(at));
      const Status status = for_each_logits(**runtime, kPrompt, [](size_t, std::span<const float>) {});
      ASSERT_FALSE(status.ok()) << kind << at;
      EXPECT_NE(status.error().message.find("fake"), std::string::npos) << status.error().text();
      EXPECT_EQ(pool.free_pages(), free) << kind << at;
      EXPECT_EQ(all_logits(**runtime, kPrompt), expected) << kind << at;
    }
}

INSTANTIATE_TEST_SUITE_P(Places, OnDevice,
                         testing::Values(DeviceCase{"experts", "models/qwen3_moe", kExperts},
                                         DeviceCase{"linears", "models/qwen2", kLinears},
                                         DeviceCase{"attention", "models/llama", kAttention},
                                         DeviceCase{"window", "models/qwen2_swa", kAttention},
                                         DeviceCase{"all", "models/qwen3_moe", std::string(kExperts) + kAttention + kLinears}),
                         [](const auto& info) { return info.param.name; });

TEST(Device, StepsAreCountedAsTheyAreExecuted) {
  auto runtime = open("models/qwen2", kLinears);
  ASSERT_TRUE(runtime.ok()) << runtime.error().text();
  const Executable& executable = (*runtime)->executable();
  std::map<std::string, uint64_t> expected;
  for (const Step& step : executable.plan(KT_PREFILL).steps) expected[step.binding.operator_name] += 2;
  for (const Step& step : executable.plan(KT_DECODE).steps) expected[step.binding.operator_name] += 1;
  all_logits(**runtime, kPrompt);
  all_logits(**runtime, kPrompt);
  all_logits(**runtime, {1, 2, 3});
  EXPECT_EQ(executable.executed_steps(), expected);
  EXPECT_GT(expected["fake.linear"], 0u);
}

TEST(Device, LogitsThatAreNoNumbersAreAnError) {
  auto runtime = open("models/qwen2", kLinears);
  ASSERT_TRUE(runtime.ok()) << runtime.error().text();
  set_faults("nan=3");
  const Status status = for_each_logits(**runtime, kPrompt, [](size_t, std::span<const float>) {});
  set_faults("");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, 12);
}

TEST(Device, AModelThatDoesNotFitSaysSo) {
  set_faults("memory_kib=16");
  const auto runtime = open("models/qwen2", kLinears);
  set_faults("");
  ASSERT_FALSE(runtime.ok());
  EXPECT_EQ(runtime.error().code, 504) << runtime.error().text();
}

TEST(Device, AWeightOnTwoDevicesIsRefusedUnlessAllowed) {
  const char* const split =
      "  - { match: { class: Linear, phase: decode }, replace: { operator: fake.linear, device: 'fake:0' } }\n";
  const auto refused = open("models/qwen2", split);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, 505) << refused.error().text();
  const auto allowed = open("models/qwen2", split, /*duplicate=*/true);
  EXPECT_TRUE(allowed.ok()) << allowed.error().text();
}

TEST(Device, AStateOnTwoDevicesIsRefused) {
  const auto runtime =
      open("models/qwen2",
           "  - { match: { class: Attention, phase: decode }, replace: { operator: fake.attention, device: 'fake:0' } }\n");
  ASSERT_FALSE(runtime.ok());
  EXPECT_EQ(runtime.error().code, 206) << runtime.error().text();
}

}  // namespace
}  // namespace kt::core::test
