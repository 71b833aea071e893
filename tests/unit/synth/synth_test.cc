// Files of kt synth are read back whole, and their values have the spread they should.
#include "apps/synth/synth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "apps/synth/random_blocks.h"
#include "core/io/gguf_write.h"
#include "core/io/model_source.h"
#include "kt/format/dequantize.h"
#include "kt/format/dtype.h"

namespace kt::synth {

using namespace core;
namespace {

std::string temporary(const std::string& name) {
  return (std::filesystem::temp_directory_path() / ("kt-synth-" + name + ".gguf")).string();
}

class Removed {
 public:
  explicit Removed(std::string path) : path_(std::move(path)) {}
  ~Removed() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(GgufWriter, WrittenValuesAreReadBack) {
  const Removed file(temporary("values"));
  const GgufWriter::Metadata metadata = {{"general.architecture", gguf_text("none")},
                                         {"none.count", gguf_u32(7)},
                                         {"none.scale", gguf_f32(0.5f)},
                                         {"none.flag", gguf_bool(true)},
                                         {"none.words", gguf_texts({"a", "", "ä"})},
                                         {"none.numbers", gguf_i32s({1, -2})}};
  auto writer = GgufWriter::create(file.path(), metadata, {{"x", KT_F32, {3}}, {"y", KT_F16, {2, 1}}});
  ASSERT_TRUE(writer.ok()) << writer.error().text();
  const float x[] = {1, 2, 3};
  const uint16_t y[] = {0x3c00, 0x4000};
  ASSERT_TRUE((*writer)->write(std::as_bytes(std::span(x))).ok());
  ASSERT_TRUE((*writer)->write(std::as_bytes(std::span(y))).ok());
  ASSERT_TRUE((*writer)->finish().ok());

  const auto model = open_gguf(file.path());
  ASSERT_TRUE(model.ok()) << model.error().text();
  const GgufFile& part = model->parts[0];
  EXPECT_EQ(part.find("none.count")->as_int(), 7);
  EXPECT_EQ(part.find("none.scale")->as_float(), 0.5);
  EXPECT_EQ(part.find("none.flag")->as_bool(), true);
  EXPECT_EQ(*part.find("none.words")->as_array()->string_at(2), "ä");
  EXPECT_EQ(part.find("none.numbers")->as_array()->int_at(1), -2);
  ASSERT_EQ(part.tensors.size(), 2u);
  EXPECT_EQ(part.tensors[1].shape, (std::vector<int64_t>{2, 1}));
}

TEST(GgufWriter, AnUnfinishedFileIsNotLeftBehind) {
  const Removed file(temporary("unfinished"));
  {
    auto writer = GgufWriter::create(file.path(), {}, {{"x", KT_F32, {3}}});
    ASSERT_TRUE(writer.ok());
    EXPECT_FALSE((*writer)->finish().ok());
  }
  EXPECT_FALSE(std::filesystem::exists(file.path()));
  EXPECT_FALSE(std::filesystem::exists(file.path() + ".part"));
}

TEST(GgufWriter, AFolderThatIsMissingGivesASentence) {
  const auto writer = GgufWriter::create("/nonexistent/x.gguf", {}, {{"x", KT_F32, {3}}});
  ASSERT_FALSE(writer.ok());
  EXPECT_NE(writer.error().message.find("cannot be written"), std::string::npos);
}

// Mean and deviation of the values of one type.
void expect_spread(int32_t dtype, float deviation) {
  const Removed file(temporary("blocks"));
  constexpr int64_t kColumns = 1 << 16;
  auto writer = GgufWriter::create(file.path(), {{"general.architecture", gguf_text("none")}}, {{"x", dtype, {kColumns}}});
  ASSERT_TRUE(writer.ok()) << writer.error().text();
  const uint64_t bytes = static_cast<uint64_t>(*format::row_bytes(dtype, kColumns));
  ASSERT_TRUE(RandomBlocks(3).write(**writer, dtype, bytes, deviation).ok());
  ASSERT_TRUE((*writer)->finish().ok());
  const auto model = open_gguf(file.path());
  ASSERT_TRUE(model.ok()) << model.error().text();
  std::vector<float> values(kColumns);
  format::dequantizer(dtype)(model->parts[0].file->bytes().data() + model->parts[0].tensors[0].offset, values.data(), kColumns);
  double sum = 0, squares = 0;
  for (const float value : values) sum += value, squares += double{value} * value;
  const double mean = sum / kColumns, found = std::sqrt(squares / kColumns - mean * mean);
  EXPECT_NEAR(mean, 0, 0.15 * deviation) << format::dtype_info(dtype)->name;
  EXPECT_NEAR(found, deviation, 0.25 * deviation) << format::dtype_info(dtype)->name;
}

TEST(RandomBlocks, ValuesHaveTheAskedSpread) {
  for (const format::DtypeInfo& info : format::kDtypes)
    if (RandomBlocks::knows(info.dtype)) expect_spread(info.dtype, 0.02f);
}

TEST(Synth, EveryGeometryOpensAsAModel) {
  for (const std::string& geometry : synth_geometries()) {
    const Removed file(temporary(geometry));
    const auto report =
        synthesize({.geometry = geometry, .layers = 1, .experts = 8, .vocabulary = 1024, .type = "q4_k_m"}, file.path());
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_LT(report->active_bytes, report->bytes);
    const auto source = open_model(file.path());
    ASSERT_TRUE(source.ok()) << source.error().text();
    EXPECT_EQ(source->weights->total_bytes(), report->bytes);
    EXPECT_EQ(*source->config.get_int("expert_count"), 8);
  }
}

TEST(Synth, UnknownNamesAreListed) {
  const auto report = synthesize({.geometry = "gpt-9", .type = "q4_0"}, "/nonexistent");
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.error().hint.find("qwen3-30b-a3b"), std::string::npos);
}

}  // namespace
}  // namespace kt::synth
