#include "apps/kt/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <cstring>

#include "core/exec/operator_instance.h"
#include "core/io/mapping_guard.h"

namespace kt::app {
namespace {

// Signal handlers can reach nothing else.
volatile std::sig_atomic_t g_interrupted = 0;
volatile std::sig_atomic_t g_catching = 0;

void on_interrupt(int) {
  if (!g_catching || g_interrupted) _exit(130);
  g_interrupted = 1;
}

void on_terminate(int) { _exit(143); }

void say(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// A page of a mapped file that is no longer there: another program cut the file.
void on_bus_error(int, siginfo_t* info, void*) {
  const char* path = core::mapped_path(info->si_addr);
  say("kt: error[KT-E0402]: ");
  say(path ? path : "a mapped file");
  say(": became shorter while it was read\n  hint: another program changed the file; load the model again\n");
  _exit(4);
}

// Says what crashed; then the signal takes its course.
void on_crash(int number) {
  if (const char* where = core::running_operator()) {
    say("kt: error[KT-E0605]: the program crashed in ");
    say(where);
    say("\n  hint: bind another operator there with --rules, and report it to the plugin's author\n");
  }
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;  // no SA_RESTART: a read of the terminal returns
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signals() {
  handle(SIGINT, on_interrupt);
  handle(SIGTERM, on_terminate);
  handle(SIGPIPE, SIG_IGN);
  for (const int number : {SIGSEGV, SIGILL, SIGFPE, SIGABRT}) handle(number, on_crash);
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, nullptr);
}

void catch_interrupt() { g_catching = 1; }
bool interrupted() { return g_interrupted != 0; }
void clear_interrupt() { g_interrupted = 0; }

}  // namespace kt::app
