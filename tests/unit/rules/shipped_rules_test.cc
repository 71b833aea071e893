// The rule files that kt installs, each against the golden model of its family.
#include <gtest/gtest.h>

#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

std::string rules_folder() { return std::string(KT_SOURCE_DIR) + "/rules"; }

BindAttempt bind_file(const std::string& name, const Graph& graph, const OperatorTable& operators, const Machine& machine) {
  auto rules = load_rules({name}, {rules_folder()}, {});
  if (!rules.ok()) return {{}, {rules.error()}};
  return try_bind(graph, *rules, operators, machine, {});
}

struct Family {
  const char* file;
  const char* model;
};

constexpr Family kFamilies[] = {{"llama", "llama"},
                                {"qwen2", "qwen2"},
                                {"qwen2_moe", "qwen2_moe"},
                                {"qwen3", "qwen3"},
                                {"qwen3_moe", "qwen3_moe"},
                                {"mixtral", "mixtral"},
                                {"deepseek_v2", "deepseek_v2"},
                                {"deepseek_v2", "deepseek_v2_lite"},
                                {"deepseek_v3", "deepseek_v3"},
                                {"kimi_k2", "kimi_k2"},
                                {"kt-tiny", "deepseek_v3"}};

TEST(ShippedRules, BindEveryFamilyToTheCpuWithoutAWarning) {
  for (const Family& family : kFamilies) {
    const Graph& graph = golden_graph(family.model);
    const BindAttempt attempt = bind_file(family.file, graph, cpu_operators(), cpu_machine());
    ASSERT_EQ(texts(attempt.errors), "") << family.file;
    EXPECT_EQ(warning_texts(attempt.bound.warnings), "") << family.file;
    for (const Node* node : graph.nodes())
      if (const StepBinding* step = attempt.bound.find(*node, KT_DECODE)) {
        EXPECT_EQ(step->operator_name.substr(0, 4), "cpu.") << node->name;
      }
  }
}

TEST(ShippedRules, PutAllButTheExpertsOnAGpu) {
  FakeOperators operators = cpu_operators();
  for (const std::string& name : ClassTable().names())
    if (ClassTable().find(name)->primitive) operators.add("cuda." + name, name, 30, "cuda");
  operators.add("cuda.linear", "Linear", 30, "cuda")
      .add("cuda_marlin.linear", "Linear", 0, "cuda")
      .refuse("cuda_marlin.linear", "needs a type of 4 bits");
  operators.add("cuda.mla", "MlaCore", 40, "cuda", {{"absorb", KT_OPTION_ENUM, "auto", "", {"auto", "true", "false"}, 0, 0}});
  operators.add("cuda.moe", "MoeExperts", 40, "cuda");
  Machine machine = cpu_machine();
  machine.devices.push_back({"cuda", 0, uint64_t{24} << 30, uint64_t{24} << 30});
  for (const Family& family : kFamilies) {
    if (std::string(family.file) == "kt-tiny") continue;
    const Graph& graph = golden_graph(family.model);
    const BindAttempt attempt = bind_file(family.file, graph, operators, machine);
    ASSERT_EQ(texts(attempt.errors), "") << family.file;
    for (const Node* node : graph.nodes())
      if (const StepBinding* step = attempt.bound.find(*node, KT_DECODE)) {
        EXPECT_EQ(step->device, node->class_name == "MoeExperts" ? "cpu" : "cuda:0") << family.file << " " << node->name;
      }
  }
}

TEST(ShippedRules, OfTheBasePutEveryModelOnOnePlugin) {
  for (const auto& [file, plugin] :
       {std::pair("base/ref.yaml", "ref."), std::pair("base/cpu.yaml", "cpu."), std::pair("base/cpu-exact.yaml", "cpu.")})
    for (const Family& family : kFamilies) {
      const Graph& graph = golden_graph(family.model);
      const BindAttempt attempt = bind_file(file, graph, cpu_operators(), cpu_machine());
      ASSERT_EQ(texts(attempt.errors), "") << file << " " << family.model;
      for (const Node* node : graph.nodes())
        for (const KtPhase phase : kBoundPhases) {
          const StepBinding* step = attempt.bound.find(*node, phase);
          if (!step) continue;
          EXPECT_EQ(step->operator_name.substr(0, 4), plugin) << node->name;
          const auto activations = step->options.find("activations");
          const bool exact = std::string(file) == "base/cpu-exact.yaml" && activations != step->options.end();
          EXPECT_TRUE(!exact || activations->second == "f32") << node->name;
        }
    }
}

TEST(ShippedRules, MixedUsesBothPlugins) {
  const Graph& graph = golden_graph("deepseek_v3");
  const BindAttempt attempt = bind_file("base/mixed.yaml", graph, cpu_operators(), cpu_machine());
  ASSERT_EQ(texts(attempt.errors), "");
  const auto name = [&](const char* node, KtPhase phase) {
    const StepBinding* step = attempt.bound.find(*graph.find(node), phase);
    return step ? step->operator_name : "";
  };
  EXPECT_EQ(name("model.layers.0.self_attn.o_proj", KT_DECODE), "ref.linear");
  EXPECT_EQ(name("model.layers.0.mlp", KT_DECODE), "cpu.mlp");
  EXPECT_EQ(name("model.layers.1.mlp.experts", KT_DECODE), "cpu.moe");
  EXPECT_EQ(name("model.layers.1.mlp.experts", KT_PREFILL), "");
  EXPECT_EQ(name("model.layers.1.mlp.experts.up_proj", KT_PREFILL), "ref.expert_linear");
}

}  // namespace
}  // namespace kt::core::test
