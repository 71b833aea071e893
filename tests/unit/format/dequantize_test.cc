#include "kt/format/dequantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace kt::format {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::filesystem::path kFolder = std::filesystem::path(KT_TEST_DATA) / "quant";

core::Json golden_types() {
  auto index = core::parse_json(read_file(kFolder / "index.json"), "index.json");
  return index.ok() ? (*index)["types"] : core::Json();
}

bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

TEST(Dequantize, EveryGoldenTypeIsExact) {
  const core::Json types = golden_types();
  ASSERT_GE(types.size(), 25u);
  for (const auto& [name, entry] : types.items()) {
    SCOPED_TRACE(name);
    const DtypeInfo* info = dtype_by_name(name);
    ASSERT_NE(info, nullptr);
    EXPECT_EQ(info->dtype, entry["ggml_type"].get<int32_t>());
    const int64_t rows = entry["rows"], columns = entry["cols"];
    const std::string raw = read_file(kFolder / entry["raw"].get<std::string>());
    const std::string want = read_file(kFolder / entry["dequant"].get<std::string>());
    const auto bytes = row_bytes(info->dtype, columns);
    ASSERT_TRUE(bytes);
    ASSERT_EQ(raw.size(), static_cast<size_t>(rows * *bytes));
    ASSERT_EQ(want.size(), static_cast<size_t>(rows * columns) * sizeof(float));
    std::vector<float> out(static_cast<size_t>(columns));
    for (int64_t row = 0; row < rows; ++row) {
      dequantizer(info->dtype)(raw.data() + row * *bytes, out.data(), columns);
      for (int64_t i = 0; i < columns; ++i) {
        float expected;
        std::memcpy(&expected, want.data() + (row * columns + i) * static_cast<int64_t>(sizeof expected), sizeof expected);
        ASSERT_TRUE(out[static_cast<size_t>(i)] == expected)
            << "row " << row << ", element " << i << ": " << out[static_cast<size_t>(i)] << " instead of " << expected;
      }
    }
  }
}

TEST(Dequantize, EveryKnownTypeHasAConverterAndNoOtherHas) {
  for (const DtypeInfo& info : kDtypes) EXPECT_NE(dequantizer(info.dtype), nullptr) << info.name;
  for (int32_t dtype = -2; dtype < 300; ++dtype) EXPECT_EQ(dequantizer(dtype) == nullptr, dtype_info(dtype) == nullptr) << dtype;
}

// Any bytes, at an odd address, give floats and touch only the row: the buffers end where the row ends, so that a sanitizer sees
// more.
TEST(Dequantize, RandomBytesAtOddAddressesAreReadWithinTheRow) {
  std::mt19937 random(7);
  for (const DtypeInfo& info : kDtypes) {
    SCOPED_TRACE(info.name);
    for (int round = 0; round < 40; ++round) {
      const int64_t elements = info.block_elements * (1 + round % 3);
      const auto bytes = static_cast<size_t>(*row_bytes(info.dtype, elements));
      std::vector<unsigned char> blocks(bytes + 1);
      for (unsigned char& byte : blocks) byte = round == 0 ? 0xFF : static_cast<unsigned char>(random());
      std::vector<float> out(static_cast<size_t>(elements) + 1, -12345.0f), again = out;
      dequantizer(info.dtype)(blocks.data() + 1, out.data(), elements);
      EXPECT_EQ(out.back(), -12345.0f);
      std::vector<unsigned char> aligned(blocks.begin() + 1, blocks.end());
      dequantizer(info.dtype)(aligned.data(), again.data(), elements);
      EXPECT_EQ(std::memcmp(out.data(), again.data(), out.size() * sizeof(float)), 0);
    }
  }
}

TEST(Dequantize, RowsThatAreNoWholeNumberOfBlocksHaveNoSize) {
  for (const DtypeInfo& info : kDtypes) {
    SCOPED_TRACE(info.name);
    EXPECT_EQ(row_bytes(info.dtype, 2 * info.block_elements), 2 * info.block_bytes);
    EXPECT_EQ(row_bytes(info.dtype, -info.block_elements), std::nullopt);
    if (info.block_elements == 1) continue;
    EXPECT_EQ(row_bytes(info.dtype, info.block_elements - 1), std::nullopt);
    EXPECT_EQ(row_bytes(info.dtype, info.block_elements + 1), std::nullopt);
    EXPECT_EQ(row_bytes(info.dtype, 1), std::nullopt);
  }
}

// 8-bit floats have no golden file: all 256 codes against their definition.
TEST(Dequantize, EightBitFloatsFollowTheirDefinition) {
  for (int code = 0; code < 256; ++code) {
    const auto byte = static_cast<uint8_t>(code);
    float e4m3 = 0, e5m2 = 0;
    dequantizer(KT_F8_E4M3)(&byte, &e4m3, 1);
    dequantizer(KT_F8_E5M2)(&byte, &e5m2, 1);
    const double sign = code >= 128 ? -1 : 1;
    const int e4 = code >> 3 & 15, m3 = code & 7, e5 = code >> 2 & 31, m2 = code & 3;
    if (e4 == 15 && m3 == 7)
      EXPECT_TRUE(std::isnan(e4m3)) << code;
    else
      EXPECT_TRUE(same_bits(e4m3, static_cast<float>(sign * (e4 == 0 ? std::ldexp(m3, -9) : std::ldexp(8 + m3, e4 - 10)))))
          << code;
    if (e5 == 31)
      EXPECT_TRUE(m2 == 0 ? std::isinf(e5m2) : std::isnan(e5m2)) << code;
    else
      EXPECT_TRUE(same_bits(e5m2, static_cast<float>(sign * (e5 == 0 ? std::ldexp(m2, -16) : std::ldexp(4 + m2, e5 - 17)))))
          << code;
  }
}

TEST(Dequantize, IntegersAndDoublesAreRoundedToFloat) {
  const int64_t big[] = {-1, (int64_t{1} << 53) + 1};
  const double fine[] = {0.1, -1e300};
  const uint8_t truth[] = {0, 2};
  float out[2];
  dequantizer(KT_I64)(big, out, 2);
  EXPECT_EQ(out[0], -1.0f);
  EXPECT_EQ(out[1], 9007199254740992.0f);
  dequantizer(KT_F64)(fine, out, 2);
  EXPECT_EQ(out[0], 0.1f);
  EXPECT_EQ(out[1], -INFINITY);
  dequantizer(KT_BOOL)(truth, out, 2);
  EXPECT_EQ(out[0], 0.0f);
  EXPECT_EQ(out[1], 1.0f);
}

TEST(Dequantize, Q8_1AndQ8_KMultiplyTheirScale) {
  BlockQ8_1 small{};
  small.scale = Half{{0x00, 0x38}};  // 0.5
  BlockQ8_K large{};
  const float scale = -0.25f;
  std::memcpy(large.scale, &scale, sizeof scale);
  for (int i = 0; i < 256; ++i) large.values[i] = static_cast<int8_t>(i - 128);
  for (int i = 0; i < 32; ++i) small.values[i] = static_cast<int8_t>(4 * i - 64);
  float out[256];
  dequantizer(KT_Q8_1)(&small, out, 32);
  for (int i = 0; i < 32; ++i) EXPECT_EQ(out[i], 0.5f * static_cast<float>(4 * i - 64));
  dequantizer(KT_Q8_K)(&large, out, 256);
  for (int i = 0; i < 256; ++i) EXPECT_EQ(out[i], -0.25f * static_cast<float>(i - 128));
}

}  // namespace
}  // namespace kt::format
