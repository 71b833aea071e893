// Files with the probabilities that a model gave at every scored position of a text.
//
// Little-endian: a header of 64 bytes ("KTLOGITS", version, vocabulary, rows, identity of the text, checksum of the rows), then
// for each row the most likely token (u32) and the logarithms of all probabilities (f16, [vocab]).
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "core/io/mapped_file.h"
#include "core/serve/divergence.h"
#include "core/serve/scoring.h"

namespace kt::core {

// Writes the rows that it hears of. The file appears under its name when finish() succeeds; until then it is NAME.part, which the
// destructor removes.
class LogitsWriter final : public ScoreListener {
 public:
  // KT-E0001 if the file cannot be written.
  static Result<std::unique_ptr<LogitsWriter>> create(const std::string& path, const ScoredText& text, int64_t vocabulary);
  ~LogitsWriter() override;

  Status score(size_t position, std::span<const float> logits, int32_t target) override;
  Status finish();

 private:
  explicit LogitsWriter(std::string path) : path_(std::move(path)), partial_path_(path_ + ".part") {}
  Status put(const void* data, size_t size);

  std::string path_, partial_path_;
  std::FILE* file_ = nullptr;
  std::vector<std::byte> header_, row_;
  std::vector<float> log_probabilities_;
  uint64_t checksum_ = 0;
};

// Whether the file at `path` is one of these.
bool is_saved_logits(const std::string& path);

class SavedLogits final : public ReferenceLogits {
 public:
  // KT-E0416 if the file is damaged, of another text or window, or of a vocabulary of another size.
  static Result<std::unique_ptr<SavedLogits>> open(const std::string& path, const ScoredText& text, int64_t vocabulary);

  Status begin_window(std::span<const int32_t>) override { return {}; }
  Result<ReferenceRow> next() override;

 private:
  SavedLogits() = default;

  std::shared_ptr<const MappedFile> file_;
  size_t vocabulary_ = 0;
  uint64_t rows_ = 0, row_ = 0, expected_ = 0, checksum_ = 0;
  std::vector<float> values_;
};

}  // namespace kt::core
