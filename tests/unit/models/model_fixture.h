// The model libraries as the runtime loads them, and the golden models of this repository.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/io/model_source.h"
#include "core/plugin/model_builder.h"
#include "core/plugin/registry.h"

namespace kt::core::test {

inline const Registry& model_registry() {
  static const std::unique_ptr<Registry> registry = [] {
    auto out = std::make_unique<Registry>();
    out->load_folders(std::vector<std::string>{KT_MODEL_FOLDER});
    return out;
  }();
  return *registry;
}

inline std::string golden(const std::string& path) { return std::string(KT_TEST_DATA) + "/" + path; }

// The configuration of a golden model, which a test may spoil.
inline Json golden_config(const std::string& model) {
  const std::string file = golden("models/" + model + "/config.json");
  auto source = open_model(file, {.need_weights = false});
  return source.ok() ? source->config.json() : Json();
}

inline Result<BuiltModel> build_from(const Json& config) {
  return build_model(model_registry(), KT_TRY(ModelConfig::from_json(config, "config.json")), nullptr);
}

}  // namespace kt::core::test
