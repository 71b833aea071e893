// The native form: vars, extends, placement, conditions, options.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

namespace fs = std::filesystem;

const Graph& graph() { return golden_graph("deepseek_v3"); }

Machine gpu_machine() {
  Machine out = cpu_machine();
  out.devices.push_back({"cuda", 0, uint64_t{24} << 30, uint64_t{24} << 30});
  out.devices.push_back({"cuda", 1, uint64_t{8} << 30, uint64_t{8} << 30});
  out.plugins.insert("cuda");
  return out;
}

FakeOperators gpu_operators() {
  FakeOperators out = cpu_operators();
  for (const std::string& name : ClassTable().names())
    if (ClassTable().find(name)->primitive) out.add("cuda." + name, name, 30, "cuda");
  return out.add("cuda.mla", "MlaCore", 40, "cuda", {{"absorb", KT_OPTION_ENUM, "auto", "", {"auto", "true", "false"}, 0, 0}});
}

// A folder that is removed with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("kt_rules_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path / "base"); }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

TEST(NativeForm, TriesRulesOfExtendedFilesLast) {
  const Folder folder;
  folder.write("base/all.yaml", "kt_rules: 1\nrules:\n  - match: {name: '.*'}\n    replace: {operator: 'ref.*'}\n");
  const std::string path = folder.write(
      "my.yaml",
      "kt_rules: 1\nextends: [base/all.yaml]\nrules:\n  - match: {class: Linear}\n    replace: {operator: cpu.linear}\n");
  auto rules = load_rules({path}, {}, {});
  ASSERT_TRUE(rules.ok());
  const BindAttempt attempt = try_bind(graph(), *rules, cpu_operators(), cpu_machine(), {});
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(attempt.bound.find(*graph().find("lm_head"), KT_DECODE)->operator_name, "cpu.linear");
  EXPECT_EQ(attempt.bound.find(*graph().find("model.norm"), KT_DECODE)->operator_name, "ref.rms_norm");
}

TEST(NativeForm, RefusesACircleOfExtends) {
  const Folder folder;
  folder.write("b.yaml", "kt_rules: 1\nextends: [a.yaml]\n");
  const std::string path = folder.write("a.yaml", "kt_rules: 1\nextends: [b.yaml]\n");
  auto rules = load_rules({path}, {}, {});
  ASSERT_TRUE(rules.ok());
  ASSERT_EQ(rules->errors.size(), 1u);
  EXPECT_EQ(rules->errors[0].message, "'extends' goes in a circle: a.yaml -> b.yaml -> a.yaml");
  EXPECT_EQ(rules->errors[0].place.line, 2);
}

TEST(NativeForm, LaterFilesAreTriedFirst) {
  const Folder folder;
  const std::string all = "kt_rules: 1\nrules:\n  - match: {class: Linear}\n    replace: {operator: ";
  const std::string first = folder.write("1.yaml", all + "ref.linear}\n"), second = folder.write("2.yaml", all + "cpu.linear}\n");
  auto rules = load_rules({first, second}, {}, {});
  ASSERT_TRUE(rules.ok());
  const BindAttempt attempt = try_bind(graph(), *rules, cpu_operators(), cpu_machine(), {.allow_unused_rules = true});
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(attempt.bound.find(*graph().find("lm_head"), KT_DECODE)->operator_name, "cpu.linear");
}

TEST(NativeForm, NamesAMissingFileAndThoseInstalled) {
  const Folder folder;
  folder.write("base/cpu.yaml", "kt_rules: 1\n");
  auto rules = load_rules({"base/cpo.yaml"}, {folder.path.string()}, {});
  ASSERT_FALSE(rules.ok());
  EXPECT_EQ(rules.error().code, 208);
  EXPECT_EQ(rules.error().hint, "did you mean 'base/cpu.yaml'?");
}

TEST(NativeForm, SubstitutesVariablesAndTheCommandLineWins) {
  const std::string text =
      "kt_rules: 1\nvars: { gpu: 'cuda:0' }\nrules:\n  - match: {class: MlaCore}\n    when: device(\"${gpu}\")\n"
      "    replace: {operator: cuda.mla, device: '${gpu}'}\n";
  const RuleSet rules = parse_rules(text, "r.yaml", {}, {{"gpu", "cuda:1"}});
  const BindAttempt attempt = try_bind(graph(), rules, gpu_operators(), gpu_machine(), {});
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(attempt.bound.find(*graph().find("model.layers.0.self_attn.mla"), KT_DECODE)->device, "cuda:1");
}

TEST(NativeForm, RefusesUnknownVariables) {
  const std::string text =
      "kt_rules: 1\nvars: {gpu: cpu}\nrules:\n  - match: {class: Linear}\n    replace: {operator: cpu.linear, device: "
      "'${gpv}'}\n";
  EXPECT_EQ(parse_rules(text, "r.yaml", {}, {}).errors.at(0).text(),
            "r.yaml:5:45: error[KT-E0208]: variable 'gpv' is not defined\n  hint: did you mean 'gpu'?");
  EXPECT_EQ(parse_rules("kt_rules: 1\nvars: {gpu: cpu}\n", "r.yaml", {}, {{"gpuu", "x"}}).errors.at(0).message,
            "--var: no rule file has a variable 'gpuu'");
}

TEST(NativeForm, PlacesLayersAndModulesInheritTheirDevice) {
  const std::string text =
      "kt_rules: 1\nplacement:\n  - { layers: 0-1, device: 'cuda:0' }\n  - { layers: last, device: 'cuda:1' }\n";
  const BindAttempt attempt = bind_text(text, graph(), gpu_operators(), {}, gpu_machine());
  ASSERT_EQ(texts(attempt.errors), "");
  const auto device = [&](const char* name) { return attempt.bound.find(*graph().find(name), KT_DECODE)->device; };
  EXPECT_EQ(device("model.layers.1.self_attn.o_proj"), "cuda:0");
  EXPECT_EQ(device("model.layers.2.self_attn.o_proj"), "cuda:1");
  EXPECT_EQ(device("lm_head"), "cpu");
}

TEST(NativeForm, RefusesToPlacePartOfTheExperts) {
  const std::string text = "kt_rules: 1\nplacement:\n  - { class: MoeExperts, experts: 0-3, device: 'cuda:0' }\n";
  const BindAttempt attempt = bind_text(text, graph(), gpu_operators(), {}, gpu_machine());
  ASSERT_EQ(attempt.errors.size(), 1u);
  EXPECT_EQ(attempt.errors[0].code, 206);
}

TEST(NativeForm, RefusesAFileForAnotherArchitecture) {
  const std::string text = "kt_rules: 1\narch: [llama, qwen2]\n";
  const BindAttempt attempt = bind_text(text, graph(), cpu_operators());
  ASSERT_EQ(attempt.errors.size(), 1u);
  EXPECT_EQ(attempt.errors[0].text(),
            "r.yaml:2:8: error[KT-E0209]: this file is for llama, qwen2; the model is DeepseekV3ForCausalLM\n"
            "  hint: take the file of this model, or add its name to 'arch'");
  EXPECT_EQ(texts(bind_text("kt_rules: 1\narch: [deepseek_v3]\n", graph(), cpu_operators()).errors), "");
}

TEST(NativeForm, SkipsARuleWhoseConditionDoesNotHold) {
  const std::string text =
      "kt_rules: 1\nrules:\n  - match: {class: MlaCore}\n    when: device(\"cuda:0\") and free(\"cuda:0\") >= 20 GiB\n"
      "    replace: {operator: cuda.mla, options: {absorb: auto}}\n";
  const BindAttempt attempt = bind_text(text, graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_TRUE(attempt.bound.uses[0].skipped);
  EXPECT_EQ(attempt.bound.uses[0].notes.at(0), "skipped: when device(\"cuda:0\") and free(\"cuda:0\") >= 20 GiB does not hold");
  EXPECT_EQ(bind_text(text, graph(), gpu_operators(), {}, gpu_machine()).bound.uses[0].matched[KT_DECODE], 3);
}

TEST(NativeForm, DropsHotExpertsOnAnAbsentDeviceAndRefusesThemOnAPresentOne) {
  const std::string text =
      "kt_rules: 1\nrules:\n  - match: {class: MoeExperts}\n    replace:\n      operator: cpu.moe\n      hot: { device: "
      "'cuda:0', count: 4 }\n";
  const BindAttempt without = bind_text(text, graph(), cpu_operators());
  ASSERT_EQ(texts(without.errors), "");
  EXPECT_EQ(without.bound.uses[0].notes.at(0), "hot experts left out: device 'cuda:0' is not present");
  const BindAttempt with = bind_text(text, graph(), gpu_operators(), {}, gpu_machine());
  ASSERT_EQ(with.errors.size(), 1u);
  EXPECT_EQ(with.errors[0].message, "hot experts on 'cuda:0' are not supported by this version of kt");
}

TEST(NativeForm, ReportsErrorsOfAllFilesInTheOrderTheyAreTried) {
  const Folder folder;
  folder.write("base/b.yaml", "kt_rules: 1\nrulez: []\n");
  const std::string path = folder.write(
      "a.yaml", "kt_rules: 1\nextends: [base/b.yaml]\nrules:\n  - match: {nmae: x}\n    replace: {operator: cpu.linear}\n");
  auto rules = load_rules({path}, {}, {});
  ASSERT_TRUE(rules.ok());
  const BindAttempt attempt = try_bind(graph(), *rules, cpu_operators(), cpu_machine(), {});
  ASSERT_EQ(attempt.errors.size(), 2u);
  EXPECT_EQ(attempt.errors[0].message, "unknown key 'nmae' in 'match'");
  EXPECT_EQ(attempt.errors[1].message, "unknown key 'rulez'");
}

}  // namespace
}  // namespace kt::core::test
