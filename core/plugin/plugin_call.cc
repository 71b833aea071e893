#include "core/plugin/plugin_call.h"

#include <atomic>

namespace kt::core {
namespace {

thread_local const PluginCallFacts* t_running = nullptr;

// For the threads that work for a call without having begun it. It is null or points to a call that lives: whoever ends a call
// takes it out of here, and what stood before it on its own thread lives on.
std::atomic<const PluginCallFacts*> g_latest{nullptr};

}  // namespace

PluginCall::PluginCall(const PluginCallFacts& facts) : facts_(facts), outer_(t_running) {
  t_running = &facts_;
  g_latest.store(&facts_, std::memory_order_release);
}

PluginCall::~PluginCall() {
  t_running = outer_;
  const PluginCallFacts* mine = &facts_;
  g_latest.compare_exchange_strong(mine, outer_, std::memory_order_acq_rel);
}

const PluginCallFacts* running_plugin_call() { return t_running ? t_running : g_latest.load(std::memory_order_acquire); }

}  // namespace kt::core
