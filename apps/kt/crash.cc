#include "apps/kt/crash.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include "apps/kt/build_id.h"
#include "core/exec/signal_stack.h"
#include "core/io/mapping_guard.h"
#include "core/plugin/plugin_call.h"

namespace kt::app {
namespace {

// Signal handlers can reach nothing else.
std::atomic_flag g_crashed = ATOMIC_FLAG_INIT;
std::array<char, 128> g_version{};  // "kt 0.1.0, build 1f2e...", ends with zeros
pid_t g_process = 0;

void say(const char* text) {
  if (text && write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

void say_number(int number) {
  const char digits[] = {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10), '\0'};
  say(number < 10 ? digits + 1 : digits);
}

// "running operator cpu.linear of plugin cpu 0.1.0 at model.layers.0.mlp.up_proj"
void say_call(const core::PluginCallFacts& call) {
  say(call.activity);
  say(call.plugin ? " operator " : " ");
  say(call.subject);
  if (call.plugin) {
    say(" of plugin ");
    say(call.plugin);
    say(" ");
    say(call.version);
  }
  if (!call.node) return;
  say(" at ");
  say(call.node);
}

const char* name_of(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV, a wrong address or a stack used up";
    case SIGBUS:
      return "SIGBUS, memory that cannot be read";
    case SIGILL:
      return "SIGILL, an illegal instruction";
    case SIGFPE:
      return "SIGFPE, a division by zero";
    default:
      return "SIGABRT, it gave up";
  }
}

void say_hint(const core::PluginCallFacts* call) {
  say("  hint: ");
  if (!call)
    say("report it with the command and the output of kt doctor --json (");
  else if (call->node)
    say("bind another operator there with --rules; kt plugins check tries the plugin; report it to its author (");
  else
    say("take the file out of its folder, and report it to the plugin's author (");
  say(g_version.data());
  say(")\n");
}

void say_crash(int signal) {
  const core::PluginCallFacts* call = core::running_plugin_call();
  say(call ? "kt: error[KT-E0605]: the program crashed while " : "kt: error[KT-E0001]: the program crashed");
  if (call) say_call(*call);
  say(" (signal ");
  say_number(signal);
  say(", ");
  say(name_of(signal));
  say(")\n");
  say_hint(call);
}

// Returns on the first thread that crashes; it ends the others.
void be_first() {
  while (g_crashed.test_and_set()) pause();
}

// Says what crashed; then the signal takes its course.
void on_crash(int signal, siginfo_t*, void*) {
  be_first();
  say_crash(signal);
  std::signal(signal, SIG_DFL);
  std::raise(signal);  // blocked here; comes when the handler returns
}

// A page of a mapped file that is no longer there: another program cut the file.
void on_bus_error(int signal, siginfo_t* info, void* context) {
  const char* path = core::mapped_path(info->si_addr);
  if (!path) return on_crash(signal, info, context);
  be_first();
  say("kt: error[KT-E0402]: ");
  say(path);
  say(": became shorter while it was read\n  hint: another program changed the file; load the model again\n");
  _exit(4);
}

// exit() was called. kt never does so while a plugin is at work; a child process is not judged here.
void on_exit() {
  const core::PluginCallFacts* call = core::running_plugin_call();
  if (!call || getpid() != g_process) return;
  say("kt: error[KT-E0605]: the program was ended while ");
  say_call(*call);
  say(", which called exit()\n");
  say_hint(call);
  _exit(6);
}

}  // namespace

void install_crash_handlers() {
  static const core::SignalStack stack;
  g_process = getpid();
  const std::string build = build_id();
  const std::string version = std::string("kt ") + KT_VERSION + (build.empty() ? "" : ", build ") + build;
  version.copy(g_version.data(), g_version.size() - 1);
  constexpr int kSignals[] = {SIGSEGV, SIGILL, SIGFPE, SIGABRT, SIGBUS};
  struct sigaction action {};
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);  // a crash of the handler itself ends the program
  for (const int signal : kSignals) {
    action.sa_sigaction = signal == SIGBUS ? on_bus_error : on_crash;
    sigaction(signal, &action, nullptr);
  }
  std::atexit(on_exit);
}

}  // namespace kt::app
