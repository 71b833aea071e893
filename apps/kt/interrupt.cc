#include "apps/kt/interrupt.h"

#include <unistd.h>

#include <csignal>

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
}

void catch_interrupt() { g_catching = 1; }
bool interrupted() { return g_interrupted != 0; }
void clear_interrupt() { g_interrupted = 0; }

}  // namespace kt::app
