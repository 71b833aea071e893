// Mixes give the types that the common quantizer gives.
#include "core/quantize/mix.h"

#include <gtest/gtest.h>

#include "core/io/gguf.h"
#include "kt/abi.h"

namespace kt::core {
namespace {

int32_t type_of(const char* mix, const char* name, int layers, bool tied = false) {
  return type_in_mix(**find_mix(mix), tensor_place(name), {layers, tied});
}

TEST(TypeMix, GivesTheTypesOfAFileOfTheCommonQuantizer) {
  for (const char* mix : {"q4_k_m", "q5_k_s", "q2_k"}) {
    const auto model = open_gguf(std::string(KT_TEST_DATA) + "/gguf/llama_wide-" + mix + ".gguf");
    ASSERT_TRUE(model.ok()) << model.error().text();
    for (const GgufTensor& tensor : model->parts[0].tensors) {
      const TensorPlace place = tensor_place(tensor.name);
      const int32_t wanted = stays_float(place, tensor.shape) ? int32_t{KT_F32} : type_of(mix, tensor.name.c_str(), 1, true);
      EXPECT_EQ(wanted, tensor.dtype) << mix << " " << tensor.name;
    }
  }
}

TEST(TypeMix, KeepsTheOuterLayersAndEveryThirdMoreExact) {
  std::string more;
  for (int layer = 0; layer < 16; ++layer)
    more += type_of("q4_k_m", ("blk." + std::to_string(layer) + ".ffn_down_exps.weight").c_str(), 16) == KT_Q6_K ? '6' : '4';
  EXPECT_EQ(more, "6644644644644666");
}

TEST(TypeMix, NamesAreFoundInCapitalsAndUnknownOnesAreRefused) {
  EXPECT_EQ((*find_mix("Q4_K_M"))->file_type, 15u);
  const auto unknown = find_mix("q9");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().hint.find("q8_0"), std::string::npos);
}

TEST(TensorPlace, ReadsLayerAndStem) {
  const TensorPlace place = tensor_place("blk.12.attn_q.bias");
  EXPECT_EQ(place.layer, 12);
  EXPECT_EQ(place.stem, "attn_q");
  EXPECT_FALSE(place.is_weight);
  EXPECT_EQ(tensor_place("blk.x.attn_q.weight").layer, -1);
  EXPECT_EQ(tensor_place("output.weight").stem, "output");
}

TEST(FittingType, FallsBackToShorterBlocksWithNoFewerBits) {
  EXPECT_EQ(fitting_type(KT_Q4_K, 256), KT_Q4_K);
  EXPECT_EQ(fitting_type(KT_Q4_K, 96), KT_Q5_0);
  EXPECT_EQ(fitting_type(KT_Q5_K, 96), KT_Q5_1);
  EXPECT_EQ(fitting_type(KT_Q6_K, 96), KT_Q8_0);
  EXPECT_EQ(fitting_type(KT_IQ4_XS, 96), KT_IQ4_NL);
  EXPECT_EQ(fitting_type(KT_Q8_0, 16), KT_F16);
  EXPECT_EQ(fitting_type(KT_F16, 7), KT_F16);
}

}  // namespace
}  // namespace kt::core
