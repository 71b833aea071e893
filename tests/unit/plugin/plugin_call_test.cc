#include "core/plugin/plugin_call.h"

#include <gtest/gtest.h>

#include <barrier>
#include <memory>
#include <string>
#include <thread>

namespace kt::core {
namespace {

PluginCallFacts running(const char* name) { return {"running", name, "plugin", "1.0.0", "node"}; }

std::string seen() {
  const PluginCallFacts* call = running_plugin_call();
  return call ? call->subject : "none";
}

std::string seen_by_another_thread() {
  std::string out;
  std::thread([&] { out = seen(); }).join();
  return out;
}

TEST(PluginCall, IsSeenWhileItLives) {
  EXPECT_EQ(seen(), "none");
  {
    const PluginCall call(running("outer"));
    EXPECT_EQ(seen(), "outer");
    {
      const PluginCall inner(running("inner"));
      EXPECT_EQ(seen(), "inner");
    }
    EXPECT_EQ(seen(), "outer");
  }
  EXPECT_EQ(seen(), "none");
}

TEST(PluginCall, IsSeenByThreadsThatHaveBegunNone) {
  const PluginCall call(running("mine"));
  EXPECT_EQ(seen_by_another_thread(), "mine");
  std::thread([] {
    const PluginCall theirs(running("theirs"));
    EXPECT_EQ(seen(), "theirs");
  }).join();
  EXPECT_EQ(seen(), "mine");
}

TEST(PluginCall, ThatEndsBeforeALaterOneOfAnotherThreadIsNotSeenAgain) {
  std::barrier step(2);
  auto first = std::make_unique<PluginCall>(running("first"));
  std::thread other([&] {
    auto second = std::make_unique<PluginCall>(running("second"));
    step.arrive_and_wait();
    step.arrive_and_wait();
    second.reset();
    EXPECT_EQ(seen(), "none");
  });
  step.arrive_and_wait();
  EXPECT_EQ(seen(), "first");
  first.reset();
  EXPECT_EQ(seen(), "second");
  step.arrive_and_wait();
  other.join();
  EXPECT_EQ(seen(), "none");
}

}  // namespace
}  // namespace kt::core
