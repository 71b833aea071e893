// The algorithm of the matrix unit, with its portable implementation, against the kernels that panels use without one.
#include "plugins/cpu/kernels/panel_unit.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "kt/abi.h"
#include "kt/format/dtype.h"
#include "kt/format/float16.h"
#include "plugins/cpu/kernels/k_formats.h"
#include "plugins/cpu/kernels/panel.h"
#include "tests/unit/cpu/weight_data.h"

namespace kt::cpu {
namespace {

constexpr int64_t kMostRows = 37;

struct Converted {
  std::vector<std::unique_ptr<unsigned char, void (*)(void*)>> rows;
  std::vector<const void*> at;

  Converted(const ActivationForm& form, int64_t columns) {
    for (int64_t t = 0; t < kMostRows; ++t) {
      rows.emplace_back(static_cast<unsigned char*>(std::aligned_alloc(64, static_cast<size_t>(activation_row_bytes(form, columns)))),
                        std::free);
      convert_activation(form, random_floats(columns, static_cast<uint32_t>(100 + t)).data(), columns, rows.back().get());
      at.push_back(rows.back().get());
    }
  }
};

// Bit for bit: any number of rows of weights and activations, whole and partial blocks of columns.
template <class F>
void expect_same_bits(int32_t dtype) {
  if constexpr (!F::kSigned) {
    const PanelKernel kernel = find_int8_kernel(dtype);
    for (const int64_t columns : {F::kScaleGroup == 32 ? 288 : 256, 512}) {
      const Converted x(kernel.form, columns);
      for (const int64_t rows : {1, 8, 15, 17, 32}) {
        const WeightData data = random_weights(dtype, rows, columns, 5);
        const Panel panel{dtype, data.bytes.data(), data.row_bytes, rows, columns};
        for (const int64_t count : {1, 5, 16, 17, 37}) {
          std::vector<float> wanted(static_cast<size_t>(count * kPanelRows)), got(wanted.size());
          kernel.run(panel, x.at.data(), count, wanted.data());
          run_panel_on_unit<PortableUnit, F>(panel, x.at.data(), count, got.data());
          for (int64_t t = 0; t < count; ++t)
            for (int64_t r = 0; r < rows; ++r) {
              const auto i = static_cast<size_t>(t * kPanelRows + r);
              ASSERT_EQ(format::bits_of_float(got[i]), format::bits_of_float(wanted[i]))
                  << format::dtype_info(dtype)->name << ": " << rows << " rows, " << columns << " columns, row " << r << ", token " << t
                  << " of " << count;
            }
        }
      }
    }
  }
}

TEST(PanelUnitTest, HasTheBitsOfTheKernelsWithoutOne) {
  expect_same_bits<FormatQ4_0>(KT_Q4_0);
  expect_same_bits<FormatQ4_1>(KT_Q4_1);
  expect_same_bits<FormatQ5_0>(KT_Q5_0);
  expect_same_bits<FormatQ5_1>(KT_Q5_1);
  expect_same_bits<FormatQ8_0>(KT_Q8_0);
  expect_same_bits<FormatIq4Nl>(KT_IQ4_NL);
  expect_same_bits<FormatQ2_K>(KT_Q2_K);
  expect_same_bits<FormatQ3_K>(KT_Q3_K);
  expect_same_bits<FormatQ4_K>(KT_Q4_K);
  expect_same_bits<FormatQ5_K>(KT_Q5_K);
  expect_same_bits<FormatQ6_K>(KT_Q6_K);
  expect_same_bits<FormatIq4Xs>(KT_IQ4_XS);
}

TEST(PanelUnitTest, TheUnitSumsTheLargestProductsExactly) {
  alignas(64) Words codes[8];
  std::memset(codes, 0xFF, sizeof codes);
  UnitRows rows;
  std::memset(&rows, -127, sizeof rows);
  PortableUnit unit(8);
  int32_t out[kUnitRows * kTileRows];
  unit.load(rows.values[0], kBlock);
  unit.dots(codes, out);
  for (const int32_t sum : out) EXPECT_EQ(sum, 32 * 255 * -127);
}

}  // namespace
}  // namespace kt::cpu
