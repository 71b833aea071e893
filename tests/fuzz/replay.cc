// Runs a fuzz target over the files of folders: how the normal build tests the corpus. `--prefixes FILE` instead runs every
// beginning of a file, `--flips COUNT FILE` copies of it with one to four bytes changed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "tests/fuzz/support.h"

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->is_regular_file(error)) out.push_back(it->path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

void run(std::string_view bytes) { LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()); }

size_t run_folders(char** begin, char** end) {
  size_t count = 0;
  for (char** folder = begin; folder != end; ++folder) {
    for (const fs::path& file : files_of(*folder)) {
      std::fprintf(stderr, "%s\n", file.filename().c_str());  // the last line before a crash names its input
      run(read(file));
      ++count;
    }
  }
  return count;
}

// The beginning or the bytes of each run are told before the next, so that the last line names those of a crash.
size_t run_prefixes(const std::string& bytes) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (size % 64 == 0) std::fprintf(stderr, "beginnings of %zu bytes and more\n", size);
    run(std::string_view(bytes).substr(0, size));
  }
  return bytes.size();
}

size_t run_flips(const std::string& bytes, size_t count) {
  std::mt19937_64 random(1);
  for (size_t number = 0; number < count && !bytes.empty(); ++number) {
    if (number % 64 == 0) std::fprintf(stderr, "changes from number %zu on\n", number);
    std::string changed = bytes;
    for (uint64_t left = 1 + random() % 4; left > 0; --left) changed[random() % changed.size()] = static_cast<char>(random());
    run(changed);
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 2 ? argv[1] : "";
  size_t count = 0;
  if (mode == "--prefixes")
    count = run_prefixes(read(argv[2]));
  else if (mode == "--flips" && argc > 3)
    count = run_flips(read(argv[3]), std::strtoul(argv[2], nullptr, 10));
  else
    count = run_folders(argv + 1, argv + argc);
  std::printf("%zu inputs\n", count);
  return count > 0 ? 0 : 1;
}
