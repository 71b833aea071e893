// Models opened by their headers and bound with the operators of the plugin ref.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/estimate/fit.h"
#include "core/plugin/registry.h"
#include "core/serve/runtime.h"
#include "core/tensor/shape.h"

namespace kt::core::test {

inline const Registry& registry() {
  static const std::unique_ptr<Registry> loaded = [] {
    auto out = std::make_unique<Registry>();
    out->load_folders({std::string(KT_BUILD_DIR) + "/lib/kt/plugins", std::string(KT_BUILD_DIR) + "/lib/kt/models"});
    return out;
  }();
  return *loaded;
}

inline std::string golden(const std::string& name) { return std::string(KT_TEST_DATA) + "/" + name; }
inline std::string v3_config() { return std::string(KT_SOURCE_DIR) + "/tests/e2e/plan/deepseek_v3/config.json"; }

struct Planned {
  std::unique_ptr<Workspace> workspace;
  BoundGraph bound;

  Result<MemoryPlan> plan(const RunSizes& sizes) const { return plan_memory(*workspace, bound, registry(), sizes); }
  Replan replan() const {
    return [this](const RunSizes& sizes) { return plan(sizes); };
  }
};

// `type`: of the weights where there is only a configuration.
inline Planned open_planned(const std::string& path, const std::string& type = "") {
  Planned out;
  auto workspace = Workspace::open(registry(), path, {}, false);
  EXPECT_TRUE(workspace.ok()) << workspace.error().text();
  out.workspace = std::move(*workspace);
  if (!type.empty()) {
    EXPECT_TRUE(out.workspace->assume_types(type).ok());
  }
  auto bound = bind_rules(registry(), out.workspace->graph(), RuntimeOptions{});
  EXPECT_TRUE(bound.ok()) << bound.error().text();
  out.bound = std::move(*bound);
  return out;
}

inline MachineDescription machine_with(uint64_t bytes) {
  MachineDescription out;
  out.machine = registry().machine();
  for (MachineDevice& device : out.machine.devices) device.free_bytes = bytes;
  return out;
}

}  // namespace kt::core::test
