// What tokenizer_config.json changes, texts that stream, and prompts of parts.
#include "core/text/tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/text/detokenizer.h"
#include "tests/unit/text/golden.h"

namespace kt::core {
namespace {

using Ids = std::vector<int32_t>;

// A SentencePiece tokenizer with other fields in tokenizer_config.json.
Tokenizer configured(const Json& changes) {
  Json config = golden_json("tokenizers/spm_llama2/tokenizer_config.json");
  for (const auto& [key, value] : changes.items()) config[key] = value;
  auto tokenizer = tokenizer_from_json(golden_json("tokenizers/spm_llama2/tokenizer.json"), config);
  EXPECT_TRUE(tokenizer.ok());
  return std::move(*tokenizer);
}

TEST(TokenizerConfig, FlagsMatterForTheClassesThatHaveTheirOwn) {
  const auto wrapped = [](const char* tokenizer_class, const Json& changes) {
    Json all = changes;
    all["tokenizer_class"] = tokenizer_class;
    const Ids ids = configured(all).encode("a", {});
    return std::pair(ids.front() == 1, ids.back() == 2);
  };
  EXPECT_EQ(wrapped("PreTrainedTokenizerFast", {{"add_bos_token", false}, {"add_eos_token", true}}), std::pair(true, false));
  EXPECT_EQ(wrapped("LlamaTokenizerFast", {{"add_bos_token", false}, {"add_eos_token", true}}), std::pair(false, true));
  EXPECT_EQ(wrapped("LlamaTokenizer", {{"add_bos_token", true}, {"add_eos_token", true}}), std::pair(true, true));
  EXPECT_EQ(wrapped("GemmaTokenizerFast", {{"add_bos_token", nullptr}}), std::pair(true, false));
}

TEST(TokenizerConfig, NamesTheSpecialTokens) {
  EXPECT_EQ(configured({{"eos_token", {{"content", "</s>"}, {"lstrip", false}}}}).eos(), 2);
  EXPECT_EQ(configured({{"eos_token", "<never heard of>"}}).eos(), -1);
  EXPECT_EQ(configured({{"bos_token", nullptr}}).bos(), -1);
}

TEST(CleanUp, RemovesSpacesBeforePunctuationAsTheTextStreams) {
  const Tokenizer tokenizer = configured({{"clean_up_tokenization_spaces", true}});
  const std::pair<const char*, const char*> cases[] = {
      {"Hello , world !", "Hello, world!"},
      {"It 's what I 'm saying , isn n't it ?", "It's what I'm saying, isnn't it?"},
      {"they 've and we 're .", "they've and we're."},
      {"a ' b", "a'b"},
      {"x  ' s", "x's"},
      {"no change", "no change"},
      {"ends with ", "ends with "}};
  for (const auto& [text, expected] : cases) {
    const Ids ids = tokenizer.encode(text, {});
    EXPECT_EQ(tokenizer.decode(ids, true), expected);
    Detokenizer detokenizer(tokenizer, true);
    std::string streamed;
    for (const int32_t id : ids) streamed += detokenizer.push(id);
    EXPECT_EQ(streamed + detokenizer.finish(), expected);
  }
}

TEST(Detokenizer, HoldsBytesBackUntilACharacterIsComplete) {
  const Tokenizer tokenizer = golden_tokenizer("tokenizers/gpt2");
  const Ids ids = tokenizer.encode("\xF0\x9F\x8E\x89!", {});
  ASSERT_GE(ids.size(), 3u);
  Detokenizer detokenizer(tokenizer, false);
  for (size_t i = 0; i + 2 < ids.size(); ++i) EXPECT_EQ(detokenizer.push(ids[i]), "");
  EXPECT_EQ(detokenizer.push(ids[ids.size() - 2]), "\xF0\x9F\x8E\x89");
  EXPECT_EQ(detokenizer.push(ids.back()), "!");
  EXPECT_EQ(detokenizer.push(ids[0]), "");
  EXPECT_EQ(detokenizer.finish(), "\xEF\xBF\xBD");
  EXPECT_EQ(detokenizer.push(ids.back()), "!");
}

TEST(Detokenizer, LeavesOutIdsThatDoNotExist) {
  const Tokenizer tokenizer = golden_tokenizer("tokenizers/gpt2");
  EXPECT_EQ(tokenizer.decode(Ids{-1, 1 << 30, tokenizer.vocab_size()}, false), "");
  EXPECT_EQ(tokenizer.piece(-1), "");
}

TEST(EncodeParts, TokeniseAcrossBordersAsOneText) {
  const Tokenizer tokenizer = golden_tokenizer("tokenizers/qwen2");
  const TextPart parts[] = {{"<|im_start|>user\nHel", false}, {"lo wor", true}, {"ld<|im_end|>", false}};
  EXPECT_EQ(tokenizer.encode_parts(parts, true),
            tokenizer.encode("<|im_start|>user\nHello world<|im_end|>", {.parse_special = true}));
}

TEST(EncodeParts, FindNormalizedControlTokensInTemplatesOnly) {
  Json document = golden_json("tokenizers/spm_llama2/tokenizer.json");
  document["added_tokens"].push_back({{"id", 504}, {"content", "[INST]"}, {"special", false}, {"normalized", true}});
  document["normalizer"] = {{"type", "NFC"}};
  const auto tokenizer = tokenizer_from_json(document, Json());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().text();
  const auto count = [&](const std::vector<TextPart>& parts) {
    const Ids ids = tokenizer->encode_parts(parts, false);
    return std::count(ids.begin(), ids.end(), 504);
  };
  EXPECT_EQ(count({{"[INST] ", false}, {"e\u0301 [INST] x", true}, {" [INST]", false}}), 2);
  EXPECT_EQ(count({{"[INST", false}, {"] [INST]", true}}), 0);
  EXPECT_EQ(count({{"e\u0301[INST]", false}, {"[INST]", true}, {"[INST]", false}}), 2);
}

}  // namespace
}  // namespace kt::core
