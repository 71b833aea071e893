// The divergence from a reference, and the files that references are kept in.
#include "core/serve/divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/serve/saved_logits.h"

namespace kt::core {
namespace {

// Rows given by hand, as probabilities.
class GivenRows final : public ReferenceLogits {
 public:
  explicit GivenRows(std::vector<std::vector<float>> rows) : rows_(std::move(rows)) {
    for (auto& row : rows_)
      for (float& value : row) value = std::log(value);
  }
  Status begin_window(std::span<const int32_t>) override { return {}; }
  Result<ReferenceRow> next() override {
    const std::vector<float>& row = rows_[at_++];
    return ReferenceRow{static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin()), row};
  }

 private:
  std::vector<std::vector<float>> rows_;
  size_t at_ = 0;
};

std::vector<float> logarithms(std::vector<float> row) {
  for (float& value : row) value = std::log(value) + 3;  // logits have any offset
  return row;
}

TEST(Divergence, IsThatOfTheDefinition) {
  GivenRows reference({{0.5f, 0.25f, 0.25f}, {0.1f, 0.8f, 0.1f}});
  DivergenceMeter meter(reference);
  ASSERT_TRUE(meter.score(0, logarithms({0.25f, 0.5f, 0.25f}), 0).ok());
  ASSERT_TRUE(meter.score(1, logarithms({0.1f, 0.8f, 0.1f}), 1).ok());
  const Divergence d = meter.result();
  const double first = 0.5 * std::log(2.0) - 0.25 * std::log(2.0);
  EXPECT_NEAR(d.mean, first / 2, 1e-7);
  EXPECT_NEAR(d.mean_error, std::sqrt(2 * (first / 2) * (first / 2)) / 2, 1e-7);
  EXPECT_NEAR(d.largest, first, 1e-7);
  EXPECT_NEAR(d.median, first / 2, 1e-7);
  EXPECT_EQ(d.same_top, 0.5);
  EXPECT_NEAR(d.rms_change, std::sqrt(0.25 * 0.25 / 2), 1e-7);
  EXPECT_NEAR(d.reference_perplexity, std::exp(-(std::log(0.5) + std::log(0.8)) / 2), 1e-6);
}

TEST(Divergence, RefusesAReferenceOfAnotherVocabulary) {
  GivenRows reference({{0.5f, 0.5f}});
  DivergenceMeter meter(reference);
  EXPECT_EQ(meter.score(0, logarithms({0.25f, 0.5f, 0.25f}), 0).error().code, 102);
}

TEST(ScoredText, EveryTokenIsScoredAfterABeginTokenAndAllButTheFirstWithoutOne) {
  const std::vector<int32_t> ids = {1, 2, 3, 4, 5};
  const ScoredText with{ids, 9, 3}, without{ids, -1, 3};
  EXPECT_EQ(with.windows(), 3u);
  EXPECT_EQ(with.tokens(2), (std::vector<int32_t>{9, 5}));
  EXPECT_EQ(with.rows(), 5u);
  EXPECT_EQ(without.tokens(1), (std::vector<int32_t>{4, 5}));
  EXPECT_EQ(without.rows(), 3u);
  EXPECT_NE(with.identity(), without.identity());
}

class SavedLogitsTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  ScoredText text() const { return {ids_, 0, 512}; }

  void write() const {
    auto writer = LogitsWriter::create(path_, text(), 4);
    ASSERT_TRUE(writer.ok()) << writer.error().text();
    for (const auto& row : rows_) ASSERT_TRUE((*writer)->score(0, row, 1).ok());
    ASSERT_FALSE(std::filesystem::exists(path_));
    ASSERT_TRUE((*writer)->finish().ok());
  }
  // The error of reading all rows, 0 if there is none.
  int read_code() const {
    auto saved = SavedLogits::open(path_, text(), 4);
    if (!saved.ok()) return saved.error().code;
    for (size_t i = 0; i < rows_.size(); ++i)
      if (const auto row = (*saved)->next(); !row.ok()) return row.error().code;
    return 0;
  }

  std::vector<int32_t> ids_ = {3, 1, 2};
  std::vector<std::vector<float>> rows_ = {{1, 2, 3, 4}, {0, 0, 0, -90000}, {5, 1, 1, 1}};
  std::string path_ = (std::filesystem::temp_directory_path() / ("kt_logits_" + std::to_string(::getpid()))).string();
};

TEST_F(SavedLogitsTest, AreReadBackAsProbabilitiesThatSumToOne) {
  write();
  EXPECT_TRUE(is_saved_logits(path_));
  auto saved = SavedLogits::open(path_, text(), 4);
  ASSERT_TRUE(saved.ok()) << saved.error().text();
  for (const auto& logits : rows_) {
    const auto row = (*saved)->next();
    ASSERT_TRUE(row.ok()) << row.error().text();
    std::vector<float> expected(4);
    log_softmax(logits, expected);
    double sum = 0;
    for (size_t i = 0; i < 4; ++i) {
      const double p = std::exp(static_cast<double>(row->log_probabilities[i]));
      EXPECT_NEAR(p, std::exp(static_cast<double>(expected[i])), 5e-4);
      sum += p;
    }
    EXPECT_NEAR(sum, 1, 1e-6);
  }
  EXPECT_EQ((*saved)->next().error().code, 416);
}

TEST_F(SavedLogitsTest, AreRefusedWhenTheyAreOfAnotherRun) {
  write();
  EXPECT_EQ(SavedLogits::open(path_, text(), 5).error().code, 416);
  ids_[0] = 4;
  EXPECT_EQ(read_code(), 416);
}

TEST_F(SavedLogitsTest, AreRefusedWhenAnyByteIsChangedOrMissing) {
  write();
  ASSERT_EQ(read_code(), 0);
  std::string bytes;
  {
    std::ifstream in(path_, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto put = [&](const std::string& changed) { std::ofstream(path_, std::ios::binary) << changed; };
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (at >= 40 && at < 64) continue;  // reserved
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    put(changed);
    EXPECT_EQ(read_code(), 416) << "byte " << at;
  }
  for (size_t size = 0; size < bytes.size(); size += 5) {
    put(bytes.substr(0, size));
    EXPECT_NE(read_code(), 0) << size << " bytes";
  }
}

TEST_F(SavedLogitsTest, AreNotLeftHalfWritten) {
  { const auto writer = LogitsWriter::create(path_, text(), 4); }
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".part"));
  EXPECT_EQ(LogitsWriter::create("/does/not/exist/x", text(), 4).error().code, 1);
}

}  // namespace
}  // namespace kt::core
