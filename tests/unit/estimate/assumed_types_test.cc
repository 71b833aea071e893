#include "core/estimate/assumed_types.h"

#include <filesystem>

#include "tests/unit/estimate/fixture.h"

namespace kt::core {
namespace {

int32_t type_of(const Workspace& workspace, const std::string& node) {
  const Node* found = workspace.graph().find(node);
  return found && !found->weights.empty() ? found->weights[0].dtype : -1;
}

TEST(AssumedTypes, GiveEveryPartItsTypeOfTheMix) {
  auto workspace = Workspace::open(test::registry(), test::v3_config(), {}, false);
  ASSERT_TRUE(workspace.ok()) << workspace.error().text();
  ASSERT_TRUE((*workspace)->assume_types("Q4_K_M").ok());
  EXPECT_EQ(type_of(**workspace, "model.layers.10.self_attn.o_proj"), KT_Q4_K);
  EXPECT_EQ(type_of(**workspace, "model.layers.0.mlp.down_proj"), KT_Q6_K);
  EXPECT_EQ(type_of(**workspace, "model.layers.10.self_attn.mla"), KT_Q8_0);
  EXPECT_EQ(type_of(**workspace, "model.layers.10.mlp.gate"), KT_F32);
  EXPECT_EQ(type_of(**workspace, "model.layers.10.input_layernorm"), KT_F32);
  EXPECT_EQ(type_of(**workspace, "lm_head"), KT_Q6_K);
}

TEST(AssumedTypes, AreAtLeastAsPreciseWhereRowsAreNoWholeBlocks) {
  const std::string config = testing::TempDir() + "kt_small_config.json";  // beside no weights
  std::filesystem::copy_file(test::golden("models/deepseek_v3/config.json"), config,
                             std::filesystem::copy_options::overwrite_existing);
  auto workspace = Workspace::open(test::registry(), config, {}, false);
  ASSERT_TRUE(workspace.ok()) << workspace.error().text();
  for (const std::string& type : assumable_types()) {
    ASSERT_TRUE((*workspace)->assume_types(type).ok()) << type;
    for (const Node* node : (*workspace)->graph().nodes())
      for (const WeightSpec& spec : node->weights)
        EXPECT_TRUE(tensor_bytes(spec.dtype, spec.shape)) << type << " " << spec.canonical;
  }
}

TEST(AssumedTypes, AreRefusedIfUnknownOrIfTheFilesSayThem) {
  auto bare = Workspace::open(test::registry(), test::v3_config(), {}, false);
  EXPECT_EQ((*bare)->assume_types("q9_z").error().code, 102);
  auto files = Workspace::open(test::registry(), test::golden("models/llama"), {}, false);
  EXPECT_EQ((*files)->assume_types("q8_0").error().code, 102);
}

TEST(AssumedTypes, ComeFromTheConfiguration) {
  const auto type = [](const char* fields) {
    return type_in_config(
        *ModelConfig::from_json(Json::parse(std::string(R"({"architectures": ["X"])") + fields + "}"), "config.json"));
  };
  EXPECT_EQ(type(""), "bf16");
  EXPECT_EQ(type(R"(, "torch_dtype": "float16")"), "f16");
  EXPECT_EQ(type(R"(, "torch_dtype": "bfloat16", "quantization_config": {"quant_method": "fp8"})"), "f8_e4m3");
}

}  // namespace
}  // namespace kt::core
