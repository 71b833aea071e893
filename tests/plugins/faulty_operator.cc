// An operator y = x * sigmoid(x) with one fault; the build defines FAULT_<KIND> and FAULT_NAME.
#include <locale.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <kt/plugin.hpp>
#include <stdexcept>
#include <thread>

namespace {

// A row of memory that all instances share: right as long as only one of them runs.
[[maybe_unused]] float g_shared[8192];

#if defined(FAULT_OVERFLOW)
[[gnu::noinline]] int use_up_stack(int depth) {
  volatile char block[4096];
  block[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : use_up_stack(depth + 1) + block[0];
}
#endif

struct FaultySilu {
  static constexpr const char* kHelp = "x * sigmoid(x), with a fault";
  static constexpr const char* kNumerics = "invariant.fault";

  static kt::Support supports(const kt::Node& node) {
#if defined(FAULT_REFUSES)
    if (node.input_count() < 100) return kt::no("it is a Thursday");
#endif
    if (!node.inputs_are(KT_F32)) return kt::no("inputs are not f32");
    return kt::yes(1);
  }

  kt::Status create(const kt::Node&) {
#if defined(FAULT_CREATE)
    return kt::error("the licence has expired");
#elif defined(FAULT_LEAK)
    kept = static_cast<char*>(std::malloc(1000));
    kept[0] = 1;
#endif
    return {};
  }

#if defined(FAULT_SCRATCH)
  uint64_t scratch_size(int64_t, int32_t) const { return 64; }
#endif

  kt::Status run(kt::Call& call, kt::In in, kt::Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
#if defined(FAULT_THROWS)
    throw std::runtime_error("the shelf is empty");
#elif defined(FAULT_THROWS_INT)
    throw 42;
#elif defined(FAULT_STATUS)
    return kt::error("the device is on fire");
#elif defined(FAULT_CRASH)
    std::raise(SIGSEGV);
#elif defined(FAULT_TRAP)
    __builtin_trap();
#elif defined(FAULT_OVERFLOW)
    return call.parallel_for(x.count(), [&](int64_t) { y[0][0] = static_cast<float>(use_up_stack(1)); });
#elif defined(FAULT_ABORT)
    std::abort();
#elif defined(FAULT_EXIT)
    std::exit(0);
#elif defined(FAULT_HANG)
    while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
#elif defined(FAULT_FOLDER)
    if (chdir("/") != 0) return kt::error("no /");
#elif defined(FAULT_DENORMALS)
    _mm_setcsr(_mm_getcsr() | 0x8040);
#elif defined(FAULT_LOCALE)
    setlocale(LC_NUMERIC, "C.UTF-8");
#elif defined(FAULT_SIGNALS)
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
#elif defined(FAULT_SCRATCH)
    call.scratch<float>()[16] = 1.0f;
#elif defined(FAULT_THREAD)
    std::thread([] { std::this_thread::sleep_for(std::chrono::seconds(30)); }).detach();
#elif defined(FAULT_RACE)
    for (int64_t row = 0; row < x.count(); ++row) {
      for (int64_t i = 0; i < x.dim(); ++i) g_shared[i % 8192] = value(x[row][i], i);
      std::this_thread::yield();
      for (int64_t i = 0; i < x.dim(); ++i) y[row][i] = g_shared[i % 8192];
    }
    return {};
#endif
    return call.parallel_for(x.count(), [&](int64_t row) {
      for (int64_t i = 0; i < x.dim(); ++i) y[row][i] = value(x[row][i], i);
#if defined(FAULT_PAST_END)
      y[row][x.dim()] = 1.0f;
#elif defined(FAULT_INPUT)
      const_cast<float*>(x[row])[0] = 1.0f;
#endif
    });
  }

  static float value(float x, [[maybe_unused]] int64_t i) {
    const float right = x / (1.0f + std::exp(-x));
#if defined(FAULT_WRONG)
    return i == 3 ? right * 1.01f : right;
#elif defined(FAULT_NAN)
    return i == 0 ? std::nanf("") : right;
#elif defined(FAULT_INFINITE)
    return i == 0 ? INFINITY : right;
#else
    return right;
#endif
  }

  [[maybe_unused]] char* kept = nullptr;
};

}  // namespace

KT_PLUGIN(FAULT_NAME, "1.0.0", "an operator with a fault", kt::op<FaultySilu>("fault.silu", "Silu"))
