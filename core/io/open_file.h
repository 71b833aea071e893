// Opening and reading files whose paths or contents nobody vouches for.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/status.h"

namespace kt::core {

// Each gives a descriptor of a regular file, opened for reading. KT-E0402: not there (with the nearest name beside it) or not
// readable. KT-E0405: not a regular file, or a name that leaves its folder.

// `path` comes from the user: links are followed.
Result<int> open_regular(const std::string& path);

// `name` is relative to `folder` and stays inside it, links included. In a download cache of the Hugging Face hub
// ("models--X/snapshots/REVISION") links may lead to the blobs of the same model.
Result<int> open_beneath(const std::string& folder, const std::string& name);

// Whole files of at most `limit` bytes.
Result<std::string> read_file(const std::string& path, uint64_t limit);
Result<std::string> read_file_beneath(const std::string& folder, const std::string& name, uint64_t limit);

// The error of a path at which nothing is, with the nearest name beside it as a hint.
Error missing_file(const std::string& path);

}  // namespace kt::core
