// What a file is, told from its first bytes, so that a wrong file can be named.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/status.h"

namespace kt::core {

enum class FileKind {
  kUnknown, kEmpty, kGguf, kGgufBigEndian, kOldGgml, kSafetensors, kJson, kLfsPointer, kHtml, kZip, kPickle, kElf, kGzip, kZstd
};

// Bytes of the start of a file that file_kind() looks at.
inline constexpr size_t kSniffedBytes = 64;

FileKind file_kind(std::span<const std::byte> head);

// The error of a file of the wrong kind: "FILE: is a ..., not a WANTED file", with what to do.
Error wrong_kind(int code, const std::string& file, std::span<const std::byte> head, const std::string& wanted);

}  // namespace kt::core
