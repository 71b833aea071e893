#include "plugins/cpu/kernels/panel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>

#include "kt/abi.h"
#include "kt/format/dtype.h"
#include "kt/format/float16.h"
#include "tests/unit/cpu/weight_data.h"

namespace kt::cpu {
namespace {

constexpr double kEpsilon = 1.0 / (1 << 24);  // half a unit in the last place of 1.0f

const int32_t kTypes[] = {KT_F32,  KT_F16,  KT_BF16, KT_Q8_0,   KT_Q4_0,   KT_Q4_1,    KT_Q5_0,  KT_Q5_1,  KT_Q2_K,   KT_Q3_K,
                          KT_Q4_K, KT_Q5_K, KT_Q6_K, KT_IQ4_NL, KT_IQ4_XS, KT_IQ2_XXS, KT_IQ3_S, KT_MXFP4, KT_F8_E4M3};

std::vector<int64_t> column_counts(int32_t dtype) {
  switch (format::dtype_info(dtype)->block_elements) {
    case 1:
      return {1, 2, 7, 8, 9, 31, 33, 255, 256, 257, 300, 777};
    case 32:
      return {32, 64, 96, 224, 256, 288, 512, 800};
    default:
      return {256, 512, 1024};
  }
}

// Rows of activations in the form of a kernel, each in memory of its own.
struct Activations {
  std::vector<std::vector<float>> source;
  std::vector<std::unique_ptr<unsigned char, void (*)(void*)>> converted;
  std::vector<const void*> at;
  ActivationForm form;

  Activations(const ActivationForm& wanted, int64_t rows, int64_t columns) : form(wanted) {
    for (int64_t t = 0; t < rows; ++t) {
      source.push_back(random_floats(columns, static_cast<uint32_t>(100 + t)));
      if (form.kind == ActivationKind::kF32) {
        at.push_back(source.back().data());
        continue;
      }
      const auto bytes = static_cast<size_t>(activation_row_bytes(form, columns));
      converted.emplace_back(static_cast<unsigned char*>(std::aligned_alloc(64, bytes)), std::free);
      convert_activation(form, source.back().data(), columns, converted.back().get());
      at.push_back(converted.back().get());
    }
  }
  // The value that the kernel sees.
  double value(size_t row, size_t column) const {
    if (form.kind == ActivationKind::kF32) return source[row][column];
    if (form.kind == ActivationKind::kBf16) return format::f32_from_bf16(format::bf16_from_f32(source[row][column]));
    const Int8Block& block = static_cast<const Int8Block*>(at[row])[column / 256];
    return double{block.scales[column % 256 / 32]} * block.values[column % 256];
  }
};

Panel panel_of(const WeightData& data) { return {data.dtype, data.bytes.data(), data.row_bytes, data.rows, data.columns}; }

float weight_seen(const PanelKernel& kernel, int32_t dtype, float value) {
  const bool rounded = kernel.form.kind == ActivationKind::kBf16 && dtype == KT_F16;
  return rounded ? format::f32_from_bf16(format::bf16_from_f32(value)) : value;
}

// Against sums in double. A chain of n additions is off by at most n * epsilon times the sum of magnitudes; the terms of formats
// with an offset are up to four times as large as the weight.
void expect_products(int32_t dtype, Arithmetic arithmetic, int64_t rows, int64_t columns) {
  const WeightData data = random_weights(dtype, rows, columns, 7);
  const PanelKernel kernel = find_panel_kernel(dtype, arithmetic);
  ASSERT_NE(kernel.run, nullptr);
  const Activations x(kernel.form, 3, columns);
  std::vector<float> out(3 * kPanelRows, -1.0f);
  kernel.run(panel_of(data), x.at.data(), 3, out.data());
  for (int64_t r = 0; r < rows; ++r) {
    const std::vector<float> weights = data.values(r);
    for (size_t t = 0; t < 3; ++t) {
      double sum = 0, size = 0, largest = 0;
      for (size_t c = 0; c < weights.size(); ++c) {
        const double w = weight_seen(kernel, dtype, weights[c]);
        sum += w * x.value(t, c);
        size += std::fabs(x.value(t, c));
        largest = std::max(largest, std::fabs(w));
      }
      const double steps = 140 + static_cast<double>(columns) / 16;
      EXPECT_NEAR(out[t * kPanelRows + static_cast<size_t>(r)], sum, steps * kEpsilon * size * largest * 4 + 1e-30)
          << format::dtype_info(dtype)->name << " columns " << columns << " row " << r << " token " << t;
    }
  }
}

class PanelTest : public ::testing::TestWithParam<int32_t> {};

TEST_P(PanelTest, ExactProductsMatchSumsInDouble) {
  for (const int64_t columns : column_counts(GetParam())) expect_products(GetParam(), Arithmetic::kF32, 16, columns);
}

TEST_P(PanelTest, FastProductsMatchSumsOfConvertedActivations) {
  for (const int64_t columns : column_counts(GetParam())) expect_products(GetParam(), Arithmetic::kAuto, 16, columns);
}

TEST_P(PanelTest, EveryArithmeticHandlesPanelsWithFewRows) {
  for (const Arithmetic arithmetic : {Arithmetic::kF32, Arithmetic::kBf16, Arithmetic::kInt8})
    for (const int64_t rows : {1, 2, 7, 8, 9, 15})
      expect_products(GetParam(), arithmetic, rows, column_counts(GetParam()).back());
}

TEST_P(PanelTest, ARowHasTheSameBitsAloneAndAmongOthers) {
  const int64_t columns = column_counts(GetParam()).back();
  const WeightData data = random_weights(GetParam(), 13, columns, 9);
  for (const Arithmetic arithmetic : {Arithmetic::kF32, Arithmetic::kBf16, Arithmetic::kInt8}) {
    const PanelKernel kernel = find_panel_kernel(GetParam(), arithmetic);
    const Activations x(kernel.form, 29, columns);
    std::vector<float> alone(29 * kPanelRows), many(29 * kPanelRows);
    for (size_t t = 0; t < 29; ++t) kernel.run(panel_of(data), &x.at[t], 1, &alone[t * kPanelRows]);
    for (const int64_t count : {2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 29}) {
      kernel.run(panel_of(data), x.at.data(), count, many.data());
      for (int64_t t = 0; t < count; ++t)
        for (int64_t r = 0; r < 13; ++r)
          ASSERT_EQ(format::bits_of_float(many[static_cast<size_t>(t * kPanelRows + r)]),
                    format::bits_of_float(alone[static_cast<size_t>(t * kPanelRows + r)]))
              << "count " << count << " token " << t << " row " << r;
    }
  }
}

TEST_P(PanelTest, ARowHasTheSameBitsWhateverPanelItIsIn) {
  const int64_t columns = column_counts(GetParam()).back();
  const WeightData data = random_weights(GetParam(), 16, columns, 11);
  const PanelKernel kernel = find_panel_kernel(GetParam(), Arithmetic::kAuto);
  const Activations x(kernel.form, 1, columns);
  std::vector<float> whole(kPanelRows), part(kPanelRows);
  kernel.run(panel_of(data), x.at.data(), 1, whole.data());
  for (int64_t r = 0; r < 16; ++r) {
    Panel one = panel_of(data);
    one.data += r * one.row_bytes;
    one.rows = 1;
    kernel.run(one, x.at.data(), 1, part.data());
    EXPECT_EQ(format::bits_of_float(part[0]), format::bits_of_float(whole[static_cast<size_t>(r)])) << "row " << r;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, PanelTest, ::testing::ValuesIn(kTypes),
                         [](const auto& info) { return std::string(format::dtype_info(info.param)->name); });

TEST(PanelTest, LargestCodesAndActivationsDoNotSaturate) {
  for (const int32_t dtype : {KT_Q8_0, KT_Q4_0, KT_Q5_1, KT_Q6_K, KT_Q5_K, KT_IQ4_NL}) {
    WeightData data = random_weights(dtype, 16, 512, 13);
    const format::DtypeInfo& info = *format::dtype_info(dtype);
    for (const uint8_t code : {0x80, 0x7F, 0xFF, 0x00}) {
      // All bytes but the scales: those are the first or last two to four of a block.
      for (size_t at = 0; at < data.bytes.size(); ++at) {
        const auto inside = static_cast<int32_t>(at % static_cast<size_t>(info.block_bytes));
        if (inside >= 4 && inside < info.block_bytes - 2) data.bytes[at] = code;
      }
      const PanelKernel kernel = find_panel_kernel(dtype, Arithmetic::kInt8);
      std::vector<float> ones(512, 1.0f);
      alignas(64) Int8Block blocks[2];
      convert_activation(kernel.form, ones.data(), 512, blocks);
      const void* x = blocks;
      float out[kPanelRows];
      kernel.run(panel_of(data), &x, 1, out);
      for (int64_t r = 0; r < 16; ++r) {
        double sum = 0, size = 0;
        for (const float w : data.values(r)) {
          sum += double{w};
          size += std::fabs(w);
        }
        EXPECT_NEAR(out[r], sum, 1e-5 * size) << info.name << " code " << int{code} << " row " << r;
      }
    }
  }
}

TEST(ActivationTest, QuantisedValuesAreWithinHalfAStep) {
  for (const int32_t group : {32, 256}) {
    const ActivationForm form{ActivationKind::kInt8, group, 16, 0};
    const Activations x(form, 1, 800);
    for (size_t c = 0; c < 800; ++c) {
      const float step = static_cast<const Int8Block*>(x.at[0])[c / 256].scales[c % 256 / 32];
      EXPECT_NEAR(x.value(0, c), x.source[0][c], 0.5001 * step);
    }
  }
}

TEST(ActivationTest, NanInfinityZeroAndTinyValuesAreDefined) {
  const ActivationForm form{ActivationKind::kInt8, 32, 32, 8};
  std::vector<float> x(96, 1e-42f);
  x[33] = NAN;
  x[70] = -INFINITY;
  alignas(64) Int8Block block;
  convert_activation(form, x.data(), 96, &block);
  EXPECT_EQ(block.scales[0], 0.0f);
  EXPECT_TRUE(std::isnan(block.scales[1]));
  EXPECT_TRUE(std::isnan(block.scales[2]));
  for (const int8_t value : block.values) EXPECT_EQ(value, 0);
  EXPECT_EQ(block.scales[3], 0.0f);
}

}  // namespace
}  // namespace kt::cpu
