// Golden models, runtimes over them, and what the reference implementation says about them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/plugin/registry.h"
#include "core/serve/generation.h"
#include "core/serve/runtime.h"
#include "core/serve/scoring.h"

namespace kt::core::test {

// Every plugin and model library of the build.
inline const Registry& registry() {
  static const std::unique_ptr<Registry> loaded = [] {
    auto out = std::make_unique<Registry>();
    out->load_folders({std::string(KT_BUILD_DIR) + "/lib/kt/plugins", std::string(KT_BUILD_DIR) + "/lib/kt/models"});
    return out;
  }();
  return *loaded;
}

inline std::string golden(const std::string& name) { return std::string(KT_TEST_DATA) + "/" + name; }
inline std::string rule_file(const std::string& name) { return std::string(KT_SOURCE_DIR) + "/rules/" + name; }

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The document must be there.
inline Json read_json(const std::string& path) {
  auto document = parse_json(read_text(path), path);
  EXPECT_TRUE(document.ok()) << document.error().text();
  return document.ok() ? *document : Json();
}

inline RuntimeOptions options_for(const std::string& model, const std::string& rules) {
  RuntimeOptions out;
  out.model = golden(model);
  if (!rules.empty()) out.rules = {rule_file(rules)};
  out.rule_folders = {std::string(KT_SOURCE_DIR) + "/rules"};
  out.threads = 2;
  out.context = 256;
  out.sequences = 4;
  out.need_tokenizer = false;
  return out;
}

inline std::unique_ptr<Runtime> open_runtime(const RuntimeOptions& options) {
  auto runtime = Runtime::open(registry(), options);
  EXPECT_TRUE(runtime.ok()) << runtime.error().text();
  return runtime.ok() ? std::move(*runtime) : nullptr;
}

// Logits of all positions, one row each.
inline std::vector<std::vector<float>> all_logits(Runtime& runtime, const std::vector<int32_t>& ids) {
  std::vector<std::vector<float>> out(ids.size());
  const Status status = for_each_logits(
      runtime, ids, [&](size_t position, std::span<const float> row) { out[position].assign(row.begin(), row.end()); });
  EXPECT_TRUE(status.ok()) << status.error().text();
  return out;
}

inline double max_difference(const std::vector<float>& found, const std::vector<double>& expected) {
  EXPECT_EQ(found.size(), expected.size());
  double most = 0;
  for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    most = std::max(most, std::abs(static_cast<double>(found[i]) - expected[i]));
  return most;
}

inline int32_t argmax(const std::vector<float>& row) {
  return static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

}  // namespace kt::core::test
