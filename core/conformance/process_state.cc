#include "core/conformance/process_state.h"

#include <fenv.h>
#include <signal.h>

#include <chrono>
#include <clocale>
#include <filesystem>
#include <iterator>
#include <thread>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace kt::conformance {
namespace {

// The bits that a program sets; those that say what happened are left out.
unsigned arithmetic_flags() {
#if defined(__x86_64__)
  return _mm_getcsr() & ~static_cast<unsigned>(_MM_EXCEPT_MASK);
#else
  return 0;
#endif
}

std::string blocked_signals() {
  sigset_t set;
  std::string out;
  pthread_sigmask(SIG_BLOCK, nullptr, &set);
  for (int signal = 1; signal < NSIG; ++signal) out += sigismember(&set, signal) == 1 ? '1' : '0';
  return out;
}

}  // namespace

ProcessState ProcessState::now() {
  ProcessState out;
  std::error_code error;
  out.rounding_ = fegetround();
  out.flags_ = arithmetic_flags();
  out.signals_ = blocked_signals();
  out.folder_ = std::filesystem::current_path(error).string();
  const char* locale = std::setlocale(LC_ALL, nullptr);
  out.locale_ = locale ? locale : "";
  out.threads_ =
      std::distance(std::filesystem::directory_iterator("/proc/self/task", error), std::filesystem::directory_iterator());
  return out;
}

std::string ProcessState::change() const {
  std::string out = now().difference(*this);
  for (int i = 0; i < 40 && !out.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    out = now().difference(*this);
  }
  return out;
}

std::string ProcessState::difference(const ProcessState& before) const {
  if (rounding_ != before.rounding_) return "the rounding of floating point numbers";
  if (flags_ != before.flags_) return "the mode of floating point arithmetic";
  if (signals_ != before.signals_) return "the mask of signals";
  if (folder_ != before.folder_) return "the working folder";
  if (locale_ != before.locale_) return "the locale";
  if (threads_ > before.threads_) return "the number of threads";
  return "";
}

}  // namespace kt::conformance
