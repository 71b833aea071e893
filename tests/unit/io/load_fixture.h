// Loads a model file or folder as far as its graph, its tokenizer and the names of its weights, as every verb does first.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "core/exec/weights.h"
#include "core/io/model_source.h"
#include "core/plugin/model_builder.h"
#include "core/plugin/registry.h"
#include "core/serve/chat.h"

namespace kt::core::test {

inline const Registry& model_registry() {
  static const std::unique_ptr<Registry> registry = [] {
    auto out = std::make_unique<Registry>();
    out->load_folders({KT_MODEL_FOLDER});
    return out;
  }();
  return *registry;
}

inline Status load_all(const std::string& path) {
  const ModelSource source = KT_TRY(open_model(path));
  BuiltModel model = KT_TRY(build_model(model_registry(), source.config, source.weights.get()));
  const NameTable names(model.names, model.name_count, source.config.source());
  KT_TRY(join_weights(*model.graph, names, *source.weights));
  return load_tokenizer(source).status();
}

// A folder of this test, removed with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kt-io-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string write(const std::string& name, const std::string& bytes) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One sentence of the family of model files (exit code 4), which names the file or what is in it.
inline void expect_refused(const Status& status, const std::string& what) {
  ASSERT_FALSE(status.ok()) << what << " was accepted";
  EXPECT_EQ(exit_code(status.error().code), 4) << what << ": " << status.error().text();
  EXPECT_GT(status.error().message.size(), 10u) << what;
  EXPECT_EQ(status.error().message.find('\n'), std::string::npos) << what << ": " << status.error().message;
}

}  // namespace kt::core::test
