#include "apps/kt/interrupt.h"

#include <csignal>

namespace kt::app {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;  // signal handlers can reach nothing else

void on_interrupt(int) {
  if (g_interrupted) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  g_interrupted = 1;
}

}  // namespace

void catch_interrupt() { std::signal(SIGINT, on_interrupt); }
bool interrupted() { return g_interrupted != 0; }
void clear_interrupt() { g_interrupted = 0; }

}  // namespace kt::app
