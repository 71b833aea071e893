// The vocabulary of a GGUF file as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kt::core {

// Ids are -1 if the file does not say; the optionals are empty if the file does not say.
struct GgufVocabulary {
  std::string model;                // tokenizer.ggml.model: "gpt2", "llama", ...
  std::string pre;                  // tokenizer.ggml.pre: "deepseek-v3", ...
  std::vector<std::string> tokens;  // never empty
  std::vector<int32_t> types;       // empty, or one for each token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte
  std::vector<float> scores;        // empty, or one for each token
  std::vector<std::string> merges;  // "left right"
  int64_t bos = -1, eos = -1, unk = -1, pad = -1;  // inside [0, tokens.size())
  std::optional<bool> add_bos, add_eos, add_space_prefix;
  bool space_prefix_first_only = false;  // kt.tokenizer.space_prefix is "first": the space is put before the whole text only
  std::string chat_template;
};

}  // namespace kt::core
