// A library whose loading goes wrong in one way; the build defines FAULT_<KIND>.
#include <kt/abi.h>
#include <kt/kt.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#if defined(FAULT_SIDE_EFFECT)
#define FAULT_ABI "2.0"
#elif defined(FAULT_OLD)
#define FAULT_ABI "0.9"
#elif defined(FAULT_NEWER)
#define FAULT_ABI "1.1"
#else
#define FAULT_ABI "1.0"
#endif

KT_MANIFEST("kt_manifest: 1\nname: fault\nversion: \"1.0.0\"\nabi: \"" FAULT_ABI "\"\n");

namespace {

#if defined(FAULT_SIDE_EFFECT)
// Runs when the library is opened, if it is.
struct SideEffect {
  SideEffect() {
    if (const char* path = std::getenv("KT_TEST_SIDE_EFFECT")) std::fclose(std::fopen(path, "w"));
  }
} side_effect;
#endif

constexpr KtPlugin kPlugin{sizeof(KtPlugin),        KT_ABI_MAGIC, KT_ABI_MAJOR, KT_ABI_MINOR, "fault", "1.0.0",
                           "a library with a fault"};

}  // namespace

#if defined(FAULT_EXPORTS)
// Shows more than its entry point: a function of its own and a template of the standard library.
extern "C" KT_EXPORT int fault_helper(int n) {
  std::vector<int> numbers(static_cast<size_t>(n), 1);
  numbers.resize(static_cast<size_t>(2 * n), 2);
  return static_cast<int>(numbers.size());
}
#endif

#if defined(FAULT_NEEDS)
extern "C" int kt_fault_absent(void);
#endif

extern "C" KT_EXPORT KtStatus kt_plugin_entry([[maybe_unused]] const KtHost* host, const KtPlugin** plugin) {
#if defined(FAULT_THROWS)
  throw std::runtime_error("no such device");
#elif defined(FAULT_THROWS_INT)
  throw 42;
#elif defined(FAULT_EXIT)
  std::exit(3);
#elif defined(FAULT_CRASH)
  std::raise(SIGSEGV);
#elif defined(FAULT_NEEDS)
  if (kt_fault_absent() != 1) return KT_ERROR;
#elif defined(FAULT_CORE)
  if (kt_version() == nullptr) return KT_ERROR;
#endif
  *plugin = &kPlugin;
  return KT_OK;
}
