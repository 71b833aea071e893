// Marks that code of a plugin runs, for handlers that say where the program crashed or was ended.
#pragma once

namespace kt::core {

// Texts that live as long as the call; null where it has none.
struct PluginCallFacts {
  const char* activity = "";      // "running", "loading"
  const char* subject = nullptr;  // operator, or path of the library
  const char* plugin = nullptr;
  const char* version = nullptr;  // of the plugin
  const char* node = nullptr;
};

// Lives while the plugin is called. Calls may stand inside each other on one thread.
class PluginCall {
 public:
  explicit PluginCall(const PluginCallFacts& facts);
  ~PluginCall();
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

 private:
  PluginCallFacts facts_;
  const PluginCallFacts* outer_;
};

// The innermost call that this thread has begun and not ended. On a thread that has begun none (a team's, a plugin's own) the one
// that was begun last elsewhere, if it has not ended: with several executables at work it is one of theirs. Null without a call.
// May be called in a signal handler.
const PluginCallFacts* running_plugin_call();

}  // namespace kt::core
