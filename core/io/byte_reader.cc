#include "core/io/byte_reader.h"

#include <algorithm>

namespace kt::core {
namespace {

constexpr uint64_t kWindowBytes = 64 * 1024;

}  // namespace

Error ByteReader::error(const std::string& reason) const {
  return fail(error_code_, file_.path() + ": " + reason + " (at byte " + std::to_string(value_begin_) + ")",
              "the file is damaged or incomplete; fetch it again");
}

Status ByteReader::need(uint64_t bytes, const char* what) {
  value_begin_ = position_;
  if (bytes <= remaining()) return {};
  return error(std::string(what) + " needs " + std::to_string(bytes) + " bytes, the file has " + std::to_string(remaining()) + " left");
}

Status ByteReader::bytes_into(std::span<std::byte> out, const char* what) {
  KT_TRY(need(out.size(), what));
  const uint64_t begin = position_;
  position_ += out.size();
  if (out.size() > kWindowBytes) return file_.read(begin, out);
  if (begin < window_begin_ || position_ > window_begin_ + window_.size()) {
    window_.resize(std::min(kWindowBytes, file_.size() - begin));
    window_begin_ = begin;
    KT_TRY(file_.read(begin, window_));
  }
  std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(begin - window_begin_), out.size(), out.begin());
  return {};
}

Result<std::string> ByteReader::string(const char* what, uint64_t limit) {
  const uint64_t length = KT_TRY(number<uint64_t>(what));
  if (length > limit)
    return error(std::string(what) + " is " + std::to_string(length) + " bytes long, the limit is " + std::to_string(limit));
  KT_TRY(need(length, what));
  std::string text(length, '\0');
  KT_TRY(bytes_into(std::as_writable_bytes(std::span(text)), what));
  return text;
}

}  // namespace kt::core
