#include "core/serve/saved_logits.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "kt/format/float16.h"

namespace kt::core {
namespace {

constexpr int kSavedLogits = 416;
constexpr char kMagic[8] = {'K', 'T', 'L', 'O', 'G', 'I', 'T', 'S'};
constexpr uint32_t kVersion = 1;
constexpr float kLowest = -65504.0f;  // the least number of f16

struct Header {
  char magic[8];
  uint32_t version, vocabulary;
  uint64_t rows, identity, checksum;
  uint64_t reserved[3];
};
static_assert(sizeof(Header) == 64 && std::endian::native == std::endian::little);

size_t row_bytes(size_t vocabulary) { return sizeof(uint32_t) + vocabulary * sizeof(uint16_t); }

// Eight bytes at a time, so that it keeps up with the disk.
uint64_t mixed(uint64_t checksum, std::span<const std::byte> bytes) {
  for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
    checksum = std::rotl((checksum ^ word) * 0x9e3779b97f4a7c15, 29);
  }
  return checksum;
}

Error unusable(const std::string& path, const std::string& why) {
  return fail(kSavedLogits, path + ": " + why, "write it again with --save-logits, from the same text and --window");
}

}  // namespace

Result<std::unique_ptr<LogitsWriter>> LogitsWriter::create(const std::string& path, const ScoredText& text, int64_t vocabulary) {
  std::unique_ptr<LogitsWriter> out(new LogitsWriter(path));
  out->file_ = std::fopen(out->partial_path_.c_str(), "wb");
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.vocabulary = static_cast<uint32_t>(vocabulary);
  header.rows = text.rows();
  header.identity = text.identity();
  out->header_.resize(sizeof header);
  std::memcpy(out->header_.data(), &header, sizeof header);
  out->row_.resize(row_bytes(static_cast<size_t>(vocabulary)));
  out->log_probabilities_.resize(static_cast<size_t>(vocabulary));
  KT_TRY(out->put(out->header_.data(), out->header_.size()));
  return out;
}

LogitsWriter::~LogitsWriter() {
  if (!file_) return;
  std::fclose(file_);
  ::unlink(partial_path_.c_str());
}

Status LogitsWriter::put(const void* data, size_t size) {
  if (file_ && std::fwrite(data, 1, size, file_) == size) return {};
  return fail(1, path_ + ": cannot be written: " + std::strerror(errno),
              "is the folder there, writable, and is there room on the disk?");
}

Status LogitsWriter::score(size_t, std::span<const float> logits, int32_t) {
  log_softmax(logits, log_probabilities_);
  const auto top = static_cast<uint32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  std::memcpy(row_.data(), &top, sizeof top);
  for (size_t i = 0; i < log_probabilities_.size(); ++i) {
    const uint16_t value = format::f16_from_f32(std::max(log_probabilities_[i], kLowest));
    std::memcpy(row_.data() + sizeof top + i * sizeof value, &value, sizeof value);
  }
  checksum_ = mixed(checksum_, row_);
  return put(row_.data(), row_.size());
}

Status LogitsWriter::finish() {
  Header header{};
  std::memcpy(&header, header_.data(), sizeof header);
  header.checksum = checksum_;
  const bool sought = std::fseek(file_, 0, SEEK_SET) == 0;
  if (sought) KT_TRY(put(&header, sizeof header));
  const bool flushed = sought && std::fflush(file_) == 0 && ::fsync(::fileno(file_)) == 0;
  if (flushed && std::fclose(std::exchange(file_, nullptr)) == 0 && std::rename(partial_path_.c_str(), path_.c_str()) == 0)
    return {};
  return fail(1, path_ + ": cannot be written: " + std::strerror(errno), "is there room on the disk?");
}

bool is_saved_logits(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  char head[sizeof kMagic] = {};
  const bool found = file && std::fread(head, 1, sizeof head, file) == sizeof head && std::memcmp(head, kMagic, sizeof head) == 0;
  if (file) std::fclose(file);
  return found;
}

Result<std::unique_ptr<SavedLogits>> SavedLogits::open(const std::string& path, const ScoredText& text, int64_t vocabulary) {
  std::unique_ptr<SavedLogits> out(new SavedLogits());
  out->file_ = KT_TRY(MappedFile::open(path));
  Header header{};
  if (out->file_->size() < sizeof header) return unusable(path, "is no file of saved logits");
  KT_TRY(out->file_->read(0, std::as_writable_bytes(std::span(&header, 1))));
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return unusable(path, "is no file of saved logits");
  if (header.version != kVersion) return unusable(path, "has version " + std::to_string(header.version) + ", this kt reads 1");
  if (header.vocabulary != static_cast<uint64_t>(vocabulary))
    return unusable(path, "is of a vocabulary of " + std::to_string(header.vocabulary) + " tokens, the model has " +
                              std::to_string(vocabulary));
  if (header.rows != text.rows() || header.identity != text.identity())
    return unusable(path, "was made with another text, window or tokenizer");
  out->vocabulary_ = header.vocabulary;
  const uint64_t bytes = row_bytes(out->vocabulary_);
  if ((out->file_->size() - sizeof header) % bytes != 0 || (out->file_->size() - sizeof header) / bytes != header.rows)
    return unusable(path, "has " + std::to_string(out->file_->size()) + " bytes, which are not its rows");
  out->rows_ = header.rows;
  out->expected_ = header.checksum;
  return out;
}

Result<ReferenceRow> SavedLogits::next() {
  if (row_ == rows_) return unusable(file_->path(), "has too few rows");
  std::vector<std::byte> row(row_bytes(vocabulary_));
  KT_TRY(file_->read(sizeof(Header) + row_ * row.size(), row));
  checksum_ = mixed(checksum_, row);
  if (++row_ == rows_ && checksum_ != expected_) return unusable(file_->path(), "is damaged: its checksum is wrong");
  uint32_t top = 0;
  std::memcpy(&top, row.data(), sizeof top);
  values_.resize(vocabulary_);
  for (size_t i = 0; i < vocabulary_; ++i) {
    uint16_t value = 0;
    std::memcpy(&value, row.data() + sizeof top + i * sizeof value, sizeof value);
    values_[i] = format::f32_from_f16(value);
    if (!std::isfinite(values_[i])) return unusable(file_->path(), "is damaged: a logarithm is not finite");
  }
  if (top >= vocabulary_) return unusable(file_->path(), "is damaged: a token lies outside the vocabulary");
  log_softmax(values_, values_);  // what f16 has rounded away is shared out, so that the probabilities sum to 1
  return ReferenceRow{static_cast<int32_t>(top), values_};
}

}  // namespace kt::core
