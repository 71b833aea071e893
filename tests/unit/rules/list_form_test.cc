// Files in the form of KTransformers: what each rule becomes, and what is reported about it.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/rules/compat/python_map.h"
#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

// One rule: `match` and `replace` as YAML maps in one line each.
std::string rule(const std::string& match, const std::string& replace, const std::string& more = "") {
  return "- match: " + match + "\n  replace: " + replace + "\n" + more;
}

std::string both(const std::string& device) { return "generate_device: '" + device + "', prefill_device: '" + device + "'"; }

// The usual rules for a model with latent attention, split over two devices at `first` of the second.
std::string latent_rules(const std::string& layers, const std::string& device) {
  const std::string k = "ktransformers.operators.", m = "ktransformers.models.modeling_deepseek_v3.";
  return rule("{name: '^model\\.layers\\." + layers + "\\.', class: " + m + "DeepseekV3RotaryEmbedding}",
              "{class: " + k + "RoPE.YarnRotaryEmbeddingV3, kwargs: {" + both(device) + "}}") +
         rule("{name: '^model\\.layers\\." + layers + "\\.(?!self_attn\\.kv_b_proj).*$', class: torch.nn.Linear}",
              "{class: " + k + "linear.KTransformersLinear, kwargs: {" + both(device) +
                  ", generate_op: KLinearMarlin, prefill_op: KLinearTorch}}") +
         rule("{name: '^model\\.layers\\." + layers + "\\.mlp$', class: " + m + "DeepseekV3MoE}",
              "{class: " + k + "experts.KDeepseekV3MoE, kwargs: {" + both(device) + "}}") +
         rule("{name: '^model\\.layers\\." + layers + "\\.mlp\\.gate$', class: " + m + "MoEGate}",
              "{class: " + k + "gate.KMoEGate, kwargs: {" + both(device) + "}}") +
         rule("{name: '^model\\.layers\\." + layers + "\\.mlp\\.experts$'}",
              "{class: " + k + "experts.KTransformersExperts, kwargs: {prefill_device: '" + device +
                  "', prefill_op: KExpertsTorch, generate_device: cpu, generate_op: KExpertsCPU, out_device: '" + device +
                  "', backend: AMXInt8}}",
              "  recursive: False\n") +
         rule("{name: '^model\\.layers\\." + layers + "\\.self_attn$'}",
              "{class: " + k + "attention.KDeepseekV2Attention, kwargs: {" + both(device) + ", absorb_for_prefill: False}}");
}

std::string latent_file() {
  return latent_rules("[01]", "cuda:0") + latent_rules("[2-9]", "cuda:1") +
         rule("{name: '^model$'}",
              "{class: ktransformers.operators.models.KDeepseekV2Model, kwargs: {per_layer_prefill_intput_threshold: 0, "
              "transfer_map: {2: 'cuda:1'}}}") +
         rule("{name: '^model.embed_tokens'}", "{class: default, kwargs: {" + both("cpu") + "}}") +
         rule("{name: '^lm_head$', class: torch.nn.Linear}",
              "{class: ktransformers.operators.linear.KTransformersLinear, kwargs: {" + both("cuda:1") +
                  ", generate_op: KLinearMarlin, prefill_op: KLinearTorch}}");
}

Machine two_gpus() {
  Machine out = cpu_machine();
  for (const int index : {0, 1}) out.devices.push_back({"cuda", index, uint64_t{24} << 30, uint64_t{24} << 30});
  return out;
}

FakeOperators gpu_operators() {
  FakeOperators out = cpu_operators();
  for (const std::string& name : ClassTable().names())
    if (ClassTable().find(name)->primitive) out.add("cuda." + name, name, 30, "cuda");
  return out.add("cuda.linear", "Linear", 30, "cuda")
      .add("cuda.rope", "Rope", 30, "cuda")
      .add("cuda.mla", "MlaCore", 40, "cuda")
      .add("cuda.moe_gate", "MoeGate", 40, "cuda");
}

TEST(ListForm, OnALaptopEveryNodeIsBoundAndAbsentDevicesAreWarnings) {
  const Graph& graph = golden_graph("deepseek_v3");
  const BindAttempt attempt = bind_text(latent_file(), graph, cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(matched_counts(attempt.bound), "1:4 2:14 3:1 4:1 5:1 6:2 7:2 8:7 9:1 10:1 11:1 12:1 13:1 14:1 15:1");
  ASSERT_EQ(attempt.bound.warnings.size(), 2u) << warning_texts(attempt.bound.warnings);
  EXPECT_EQ(attempt.bound.warnings[0].message, "device 'cuda:0' is not present (0 CUDA devices found)");
  for (const Node* node : graph.nodes())
    for (const KtPhase phase : kBoundPhases) {
      const NodeBinding* how = attempt.bound.how(*node, phase);
      EXPECT_FALSE(how && !how->expanded && how->step.operator_name.empty()) << node->name;
    }
}

TEST(ListForm, PutsNodesOnTheDevicesItNames) {
  const Graph& graph = golden_graph("deepseek_v3");
  const BindAttempt attempt = bind_text(latent_file(), graph, gpu_operators(), {}, two_gpus());
  ASSERT_EQ(texts(attempt.errors), "");
  const auto step = [&](const char* name) { return *attempt.bound.find(*graph.find(name), KT_DECODE); };
  EXPECT_EQ(step("model.layers.0.self_attn.mla").operator_name, "cuda.mla");
  EXPECT_EQ(step("model.layers.0.self_attn.mla").device, "cuda:0");
  EXPECT_EQ(step("model.layers.2.self_attn.mla").device, "cuda:1");
  EXPECT_EQ(step("model.layers.2.self_attn.rotary_emb.k").device, "cuda:1");
  EXPECT_EQ(step("model.layers.1.mlp.experts").operator_name, "cpu.moe");
  EXPECT_EQ(step("model.layers.1.mlp.experts").options.at("activations"), "int8");
  EXPECT_EQ(attempt.bound.find(*graph.find("model.layers.1.mlp.experts"), KT_PREFILL)->device, "cpu");
  EXPECT_EQ(step("lm_head").operator_name, "cuda.linear");
  EXPECT_EQ(step("model.layers.2.input_layernorm").device, "cuda:1");
}

TEST(ListForm, ReportsRulesThatDoNothing) {
  const std::string file =
      rule("{name: '^model\\.layers\\.[3-9]\\.mlp$', class: ktransformers.models.modeling_deepseek_v3.DeepseekV3MoE}",
           "{class: ktransformers.operators.experts.KDeepseekV3MoE, kwargs: {" + both("cpu") + "}}") +
      rule("{name: '^model\\.layers\\..*\\.mlp\\.experts$'}",
           "{class: ktransformers.operators.experts.KTransformersExperts, kwargs: {generate_device: cpu, generate_op: "
           "KExpertsCPU}}") +
      rule("{name: '^model\\.layers\\..*\\.mlp\\.experts$', class: ktransformers.operators.experts.KExpertsCPU}",
           "{class: ktransformers.operators.ascend.ascend_experts.KExpertsCPUW8A8}") +
      rule("{name: 'experts$'}",
           "{class: ktransformers.operators.experts.KTransformersExpertsV2, kwargs: {generate_device: cpu, generate_op: "
           "KExpertsCPU}}");
  const BindAttempt attempt = bind_text(file, golden_graph("deepseek_v3"), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  const std::string warnings = warning_texts(attempt.bound.warnings);
  EXPECT_NE(warnings.find("r.yaml:1:17: warning[KT-W0203]: rule 1 matches no node of this model"), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("'KExpertsCPU' is a class of operator; a model has no module of it"), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("rule 4 can never match: rule 2 (line 3) takes all its nodes"), std::string::npos) << warnings;
}

TEST(ListForm, WarnsAboutWhatKTransformersSwallowed) {
  const std::string file =
      rule("{name: '^model\\.layers\\..*\\.mlp\\.experts$'}",
           "{class: ktransformers.operators.experts.KTransformersExperts, kwargs: {prefill_op: None, generate_device: cpu, "
           "generate_op: KExpertCPU, "
           "out_divice: cpu, backend: AMXInt9}}") +
      rule("{class: torch.nn.Linear}",
           "{class: ktransformers.operators.linear.KTransformerLinear, kwargs: {generate_device: cpu}}") +
      "- match:\n    class: ktransformers.models.modeling_deepseek_v3.DeepseekV3RMSNorm\n  replace:\n"
      "    class: ktransformers.operators.layernorm.RMSNorm\n    kwargs:\n    generate_device: cpu\n    prefill_device: cpu\n";
  const BindAttempt attempt = bind_text(file, golden_graph("deepseek_v3"), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  const std::string warnings = warning_texts(attempt.bound.warnings);
  for (const char* text :
       {"'prefill_op: None' is the string 'None'; it is read as null", "no release has an operator 'KExpertCPU'",
        "did you mean 'KExpertsCPU'?", "unknown keyword 'out_divice' is ignored\n  hint: did you mean 'out_device'?",
        "unknown backend 'AMXInt9' is ignored\n  hint: did you mean 'AMXInt8'?",
        "no release has an operator class 'KTransformerLinear'", "did you mean 'KTransformersLinear'?",
        "'kwargs' is null: the keys after it stand at its own column; they are read as its keys"})
    EXPECT_NE(warnings.find(text), std::string::npos) << text << "\nin\n" << warnings;
  EXPECT_EQ(matched_counts(attempt.bound), "1:2 2:24 3:13");
}

TEST(ListForm, ARuleOnAContainerStopsTheWalkOnlyWithoutRecursion) {
  const Graph& graph = golden_graph("qwen3_moe");
  const std::string block =
      rule("{class: transformers.models.qwen3_moe.modeling_qwen3_moe.Qwen3MoeSparseMoeBlock}",
           "{class: ktransformers.operators.experts.KQwen3MoeSparseMoeBlock, kwargs: {generate_device: cpu}}");
  const std::string linear = rule("{class: torch.nn.Linear}",
                                  "{class: ktransformers.operators.linear.KTransformersLinear, kwargs: {generate_device: cpu, "
                                  "generate_op: KLinearCPUInfer}}");
  const auto rule_of_gate = [&](const std::string& file) {
    const BindAttempt attempt = bind_text(file, graph, cpu_operators());
    return attempt.bound.how(*graph.find("model.layers.0.mlp.gate.linear"), KT_DECODE)->rule;
  };
  EXPECT_GE(rule_of_gate(block + linear), 0);
  EXPECT_EQ(rule_of_gate(block + "  recursive: False\n" + linear), -1);
}

TEST(ListForm, CountsTheRulesOfEveryFamily) {
  struct Family {
    const char* model;
    const char* block;
    const char* experts;
    const char* counts;
  };
  const Family families[] = {{"qwen2_moe", "Qwen2MoeSparseMoeBlock", "mlp", "1:2 2:2 3:3 4:6"},
                             {"qwen3_moe", "Qwen3MoeSparseMoeBlock", "mlp", "1:3 2:3 3:3 4:6"},
                             {"mixtral", "MixtralSparseMoeBlock", "block_sparse_moe", "1:3 2:3 3:3 4:6"}};
  for (const Family& family : families) {
    const std::string k = "ktransformers.operators.";
    const std::string file =
        rule("{class: ktransformers.models.modeling." + std::string(family.block) + "}",
             "{class: " + k + "experts.KQwen2MoeSparseMoeBlock, kwargs: {" + both("cuda") + "}}") +
        rule("{name: '^model\\.layers\\..*\\." + std::string(family.experts) + "\\.experts$'}",
             "{class: " + k +
                 "experts.KTransformersExpertsV2, kwargs: {generate_device: cpu, generate_op: KExpertsCPU, out_device: cuda}}",
             "  recursive: False\n") +
        rule("{name: '^model\\.layers\\..*\\.self_attn$'}",
             "{class: " + k + "balance_serve_attention.KQwen2MoeAttention, kwargs: {" + both("cuda") + "}}") +
        rule("{name: 'rotary_emb$'}", "{class: " + k + "RoPE.RotaryEmbedding, kwargs: {" + both("cuda") + "}}");
    const BindAttempt attempt = bind_text(file, golden_graph(family.model), cpu_operators());
    EXPECT_EQ(texts(attempt.errors), "") << family.model;
    EXPECT_EQ(matched_counts(attempt.bound), family.counts) << family.model;
  }
}

TEST(PythonMap, LeadsOnlyToClassesAndDevicesThatMeanSomething) {
  const ClassTable classes;
  for (const OperatorClassRow& row : operator_class_rows())
    for (const std::string& name : split_words(row.classes))
      EXPECT_TRUE(classes.find(name) || name == "GatedDeltaNet") << row.python;
  for (const ModelClassRow& row : model_class_rows())
    for (const std::string& name : split_words(row.classes))
      EXPECT_TRUE(classes.find(name) || name == "GatedDeltaNet") << row.python;
  EXPECT_EQ(operators_on("@.mla cuda.x", "cuda"), (std::vector<std::string>{"cuda.mla", "cuda.x"}));
  EXPECT_EQ(operators_on("@.mla", "npu"), std::vector<std::string>{"ascend.mla"});
  EXPECT_EQ(std::string(find_model_class("a.b.DeepseekV3YarnRotaryEmbedding")->classes), "Rope");
  EXPECT_NE(print_python_map().find("KTransformersLinear"), std::string::npos);
}

TEST(PythonMap, StandsInTheReferenceAsItIsPrinted) {
  std::ifstream file(std::string(KT_SOURCE_DIR) + "/docs/reference/rules.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(text.find("```text\n" + print_python_map() + "```\n"), std::string::npos)
      << "paste what kt rules schema --map prints";
}

}  // namespace
}  // namespace kt::core::test
