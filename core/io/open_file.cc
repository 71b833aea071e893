#include "core/io/open_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/io/near_name.h"
#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

namespace fs = std::filesystem;

// O_NONBLOCK: opening a FIFO would wait for a writer.
constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
constexpr size_t kListedNames = 10000;

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

Error open_error(const std::string& path, int number) {
  if (number == ENOENT || number == ENOTDIR) return missing_file(path);
  if (number == EXDEV || number == ELOOP)
    return fail(405, path + ": leads out of the model's folder", "put the file itself into the folder");
  return fail(417, path + ": cannot be opened: " + std::strerror(number));
}

Error irregular_file(const std::string& path, mode_t mode) {
  const char* what = S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
  return fail(405, path + ": is " + what + ", not a regular file");
}

// Plain relative names only: openat2 would follow ".." inside the folder, other systems' separators would be taken for names.
bool is_inner_name(std::string_view name) {
  if (!is_name(name) || name.front() == '/' || name.find('\\') != name.npos) return false;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

struct Root {
  std::string folder;  // links may not leave it
  std::string name;    // relative to it
};

Root root_of(const std::string& folder, const std::string& name) {
  std::error_code ignored;
  const fs::path real = fs::canonical(folder, ignored);
  const fs::path model = real.parent_path().parent_path();
  if (real.parent_path().filename() == "snapshots" && fs::is_directory(model / "blobs", ignored))
    return {model.string(), "snapshots/" + real.filename().string() + "/" + name};
  return {folder, name};
}

// For kernels and sandboxes without openat2.
int open_resolved(const Root& root) {
  std::error_code error;
  const fs::path folder = fs::canonical(root.folder, error);
  const fs::path real = error ? fs::path() : fs::canonical(folder / root.name, error);
  if (error) {
    errno = error.value();
    return -1;
  }
  if (!real.string().starts_with(folder.string() + "/")) {
    errno = EXDEV;
    return -1;
  }
  return ::open(real.c_str(), kOpenFlags | O_NOFOLLOW);
}

int open_inside(const Root& root) {
  const Descriptor folder(::open(root.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return -1;
  open_how how{};
  how.flags = kOpenFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const int descriptor = static_cast<int>(::syscall(SYS_openat2, folder.get(), root.name.c_str(), &how, sizeof how));
  if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM)) return descriptor;
  return open_resolved(root);
}

Status check_regular(const std::string& path, int descriptor) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) return open_error(path, errno);
  if (!S_ISREG(info.st_mode)) return irregular_file(path, info.st_mode);
  return {};
}

Result<std::string> read_all(int descriptor, const std::string& path, uint64_t limit) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) return open_error(path, errno);
  const uint64_t size = static_cast<uint64_t>(info.st_size);
  if (size > limit) return fail(406, path + ": is " + std::to_string(size) + " bytes, the limit is " + std::to_string(limit));
  std::string text(size, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(417, path + ": cannot be read: " + std::strerror(errno));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  text.resize(done);
  return text;
}

}  // namespace

Error missing_file(const std::string& path) {
  fs::path target(path);
  if (!target.has_filename()) target = target.parent_path();
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end && names.size() < kListedNames; it.increment(error))
    names.push_back(it->path().filename().string());
  const std::string near = near_name(target.filename().string(), names);
  std::string hint = near.empty() ? "" : "did you mean " + shown((target.parent_path() / near).string()) + "?";
  return fail(402, shown(path) + " does not exist", std::move(hint));
}

Result<int> open_regular(const std::string& path) {
  if (path.empty() || path.find('\0') != path.npos) return fail(405, shown(path) + " is not a path");
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return open_error(path, errno);
  if (!S_ISREG(info.st_mode)) return irregular_file(path, info.st_mode);
  Descriptor descriptor(::open(path.c_str(), kOpenFlags));
  if (descriptor.get() < 0) return open_error(path, errno);
  KT_TRY(check_regular(path, descriptor.get()));
  return descriptor.release();
}

Result<int> open_beneath(const std::string& folder, const std::string& name) {
  if (!is_inner_name(name))
    return fail(405, folder + ": " + shown(name) + " is not the name of a file in the model's folder",
                "names with '..', absolute paths and backslashes are refused");
  const std::string path = folder + "/" + name;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return open_error(path, errno);
  if (!S_ISREG(info.st_mode)) return irregular_file(path, info.st_mode);
  Descriptor descriptor(open_inside(root_of(folder, name)));
  if (descriptor.get() < 0) return open_error(path, errno);
  KT_TRY(check_regular(path, descriptor.get()));
  return descriptor.release();
}

Result<std::string> read_file(const std::string& path, uint64_t limit) {
  const Descriptor descriptor(KT_TRY(open_regular(path)));
  return read_all(descriptor.get(), path, limit);
}

Result<std::string> read_file_beneath(const std::string& folder, const std::string& name, uint64_t limit) {
  const Descriptor descriptor(KT_TRY(open_beneath(folder, name)));
  return read_all(descriptor.get(), folder + "/" + name, limit);
}

}  // namespace kt::core
