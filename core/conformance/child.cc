#include "core/conformance/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace kt::conformance {
namespace {

constexpr const char* kEndKey = "the function returned";
constexpr size_t kMaxLine = 1 << 20;

void write_all(int fd, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(fd, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(1);
    at += static_cast<size_t>(written);
  }
}

[[noreturn]] void child_main(int fd, const std::function<void(const Reporter&)>& function) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);
  std::fflush(stdout);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  const auto send = [fd](const core::Json& line) {
    write_all(fd, line.dump(-1, ' ', false, core::Json::error_handler_t::replace) + "\n");
  };
  function(send);
  send({{kEndKey, true}});
  _exit(0);
}

// Splits what comes through the pipe into lines.
class LineReader {
 public:
  explicit LineReader(const std::function<void(const core::Json&)>& on_line) : on_line_(on_line) {}

  bool complete() const { return complete_; }
  // False if a line is longer than any the child sends.
  bool add(const char* data, size_t size) {
    pending_.append(data, size);
    for (size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1)) {
      const auto line = core::parse_json(std::string_view(pending_).substr(0, end), "the child's report");
      if (!line.ok()) return false;
      if (line->contains(kEndKey))
        complete_ = true;
      else
        on_line_(*line);
    }
    return pending_.size() <= kMaxLine;
  }

 private:
  const std::function<void(const core::Json&)>& on_line_;
  std::string pending_;
  bool complete_ = false;
};

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

// Reads until the pipe ends. The reason why the child must be killed; empty if it ended by itself.
std::string read_reports(int fd, LineReader& reader, double silence) {
  char buffer[4096];
  while (true) {
    pollfd poll_fd{fd, POLLIN, 0};
    const int ready = poll(&poll_fd, 1, static_cast<int>(std::ceil(std::min(silence, 86400.0) * 1000)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return "did not come to an end within " + seconds_text(silence);
    const ssize_t count = ready < 0 ? -1 : read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return "";
    if (!reader.add(buffer, static_cast<size_t>(count))) return "wrote into kt's own files";
    if (reader.complete()) return "";
  }
}

std::string reason_of(int status) {
  if (WIFSIGNALED(status))
    return "was ended by signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  return "ended the process with exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

core::Result<ChildEnd> run_in_child(const std::function<void(const Reporter&)>& function,
                                    const std::function<void(const core::Json&)>& on_line, double silence) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return core::fail(1, std::string("cannot make a pipe: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) {
    const std::string why = std::strerror(errno);
    close(ends[0]);
    close(ends[1]);
    return core::fail(1, "cannot start a process: " + why);
  }
  if (child == 0) {
    close(ends[0]);
    child_main(ends[1], function);
  }
  close(ends[1]);
  LineReader reader(on_line);
  ChildEnd out;
  out.reason = read_reports(ends[0], reader, silence);
  close(ends[0]);
  if (!out.reason.empty()) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  out.complete = reader.complete();
  if (out.complete)
    out.reason.clear();
  else if (out.reason.empty())
    out.reason = reason_of(status);
  return out;
}

}  // namespace kt::conformance
