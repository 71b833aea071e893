// Reads golden files.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/base/json.h"
#include "core/text/read_tokenizer.h"

namespace kt::core {

inline std::string golden_text(const std::string& path) {
  std::ifstream file(std::string(KT_TEST_DATA) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline Json golden_json(const std::string& path) {
  auto json = parse_json(golden_text(path), path);
  EXPECT_TRUE(json.ok()) << path;
  return json.ok() ? *json : Json();
}

// The tokenizer of a folder with tokenizer.json and tokenizer_config.json.
inline Tokenizer golden_tokenizer(const std::string& folder) {
  auto tokenizer = tokenizer_from_json(golden_json(folder + "/tokenizer.json"), golden_json(folder + "/tokenizer_config.json"));
  EXPECT_TRUE(tokenizer.ok()) << (tokenizer.ok() ? "" : tokenizer.error().text());
  return std::move(*tokenizer);
}

}  // namespace kt::core
