// Tokenizers of GGUF files, against the text prompts of the golden models and against tokenizer.json of the same family.
#include <gtest/gtest.h>

#include "core/io/model_source.h"
#include "core/serve/chat.h"
#include "core/text/gguf_pre_tokenizer.h"
#include "core/text/token_pattern.h"
#include "tests/unit/text/golden.h"

namespace kt::core {
namespace {

using Ids = std::vector<int32_t>;

class GgufTokenizer : public testing::TestWithParam<const char*> {};

TEST_P(GgufTokenizer, GivesThePromptOfTheGoldenFile) {
  const std::string path = std::string("gguf/") + GetParam();
  const auto source = open_model(std::string(KT_TEST_DATA) + "/" + path + ".gguf", OpenOptions{.need_weights = false});
  ASSERT_TRUE(source.ok()) << source.error().text();
  const auto tokenizer = load_tokenizer(*source);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().text();
  const Json golden = golden_json(path + ".golden.json");
  int found = 0;
  for (const Json& prompt : golden["prompts"]) {
    if (prompt["name"] != "text") continue;
    ++found;
    const Ids ids = prompt["prompt_ids"].get<Ids>();
    const std::string text = (*tokenizer)->decode(ids, true);
    EXPECT_NE(text.find("licence"), std::string::npos);
    EXPECT_EQ((*tokenizer)->encode(text, {}), ids);
  }
  EXPECT_EQ(found, 1);
}

INSTANTIATE_TEST_SUITE_P(All, GgufTokenizer,
                         testing::Values("deepseek_v2-q8_0", "deepseek_v3-bf16", "llama-f16", "llama_wide-q4_k_m", "qwen2-f32",
                                         "qwen3_moe-q4_1"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// The vocabulary of a tokenizer.json as a converter writes it into a GGUF file.
GgufVocabulary converted(const Json& document, const std::string& pre) {
  GgufVocabulary out;
  out.model = "gpt2";
  out.pre = pre;
  const auto set = [&](size_t id, const std::string& text, int32_t type) {
    if (id >= out.tokens.size()) out.tokens.resize(id + 1), out.types.resize(id + 1, 5);
    out.tokens[id] = text;
    out.types[id] = type;
  };
  for (const auto& [text, id] : document["model"]["vocab"].items()) set(id.get<size_t>(), text, 1);
  for (const Json& token : document["added_tokens"])
    set(token["id"].get<size_t>(), token["content"], token["special"].get<bool>() ? 3 : 4);
  for (const Json& merge : document["model"]["merges"])
    out.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  return out;
}

struct Family {
  const char* name;
  const char* pre;
};

class GgufFamily : public testing::TestWithParam<Family> {};

TEST_P(GgufFamily, EncodesAndDecodesTheCasesOfItsTokenizerJson) {
  const std::string folder = std::string("tokenizers/") + GetParam().name;
  const auto tokenizer = tokenizer_from_gguf(converted(golden_json(folder + "/tokenizer.json"), GetParam().pre));
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().text();
  for (const Json& item : golden_json(folder + "/cases.json")["cases"]) {
    const Ids ids = item["ids"].get<Ids>();
    // White space beside a token is taken by flags that GGUF files cannot hold.
    const std::string text = item["text"];
    if (text.find("[MASK]") != std::string::npos || text.find("<|python_tag|>") != std::string::npos) continue;
    EXPECT_EQ(tokenizer->encode(text, {.add_special = false, .parse_special = true}), ids) << item["text"];
    EXPECT_EQ(tokenizer->decode(ids, false), item["decoded"].get<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(All, GgufFamily,
                         testing::Values(Family{"gpt2", "gpt-2"}, Family{"qwen2", "qwen2"}, Family{"llama3", "llama-bpe"},
                                         Family{"deepseek_v3", "deepseek-v3"}, Family{"o200k", "gpt-4o"},
                                         Family{"kimi", "kimi-k2"}, Family{"glm4", "chatglm-bpe"}),
                         [](const auto& info) { return std::string(info.param.name); });

// A SentencePiece vocabulary, whose merges follow from the scores.
GgufVocabulary scored(const Json& document) {
  GgufVocabulary out = converted(document, "");
  out.model = "llama";
  out.merges.clear();
  out.scores.assign(out.tokens.size(), -1e6f);
  float score = 0;
  for (const Json& merge : document["model"]["merges"]) {
    const size_t id = document["model"]["vocab"][merge[0].get<std::string>() + merge[1].get<std::string>()].get<size_t>();
    if (out.scores[id] == -1e6f) out.scores[id] = --score;
  }
  for (size_t id = 0; id < out.tokens.size(); ++id)
    if (out.tokens[id].starts_with("<0x")) out.types[id] = 6;
  out.unk = 0;
  out.bos = 1;
  return out;
}

void expect_llama2_cases(const GgufVocabulary& vocabulary) {
  const auto tokenizer = tokenizer_from_gguf(vocabulary);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().text();
  for (const Json& item : golden_json("tokenizers/spm_llama2/cases.json")["cases"]) {
    EXPECT_EQ(tokenizer->encode(item["text"].get<std::string>(), {.add_special = true, .parse_special = true}),
              item["ids_with_special"].get<Ids>())
        << item["text"];
    EXPECT_EQ(tokenizer->decode(item["ids"].get<Ids>(), false), item["decoded"].get<std::string>());
  }
}

TEST(GgufSentencePiece, MergesInTheOrderOfItsScores) {
  const Json document = golden_json("tokenizers/spm_llama2/tokenizer.json");
  expect_llama2_cases(scored(document));
  GgufVocabulary none = scored(document);
  none.scores.clear();
  EXPECT_FALSE(tokenizer_from_gguf(none).ok());
}

TEST(GgufSentencePiece, MergesInTheOrderOfItsTokensIfAllScoresAreEqual) {
  GgufVocabulary vocabulary = scored(golden_json("tokenizers/spm_llama2/tokenizer.json"));
  vocabulary.scores.assign(vocabulary.tokens.size(), -1000.0f);
  expect_llama2_cases(vocabulary);
}

TEST(GgufTokenizerErrors, NameTheUnknownPreTokenizerAndModel) {
  GgufVocabulary vocabulary = converted(golden_json("tokenizers/gpt2/tokenizer.json"), "never-heard-of");
  EXPECT_EQ(tokenizer_from_gguf(vocabulary).error().message, "tokenizer: tokenizer.ggml.pre: 'never-heard-of' is not known");
  vocabulary.model = "rwkv";
  EXPECT_EQ(tokenizer_from_gguf(vocabulary).error().message, "tokenizer: tokenizer.ggml.model: 'rwkv' is not supported");
}

TEST(GgufTokenizerErrors, RejectMergesOfTokensThatAreNotThere) {
  GgufVocabulary vocabulary = converted(golden_json("tokenizers/gpt2/tokenizer.json"), "gpt-2");
  vocabulary.merges.push_back("nothere t");
  EXPECT_NE(tokenizer_from_gguf(vocabulary).error().message.find("a side is not in the vocabulary"), std::string::npos);
}

TEST(GgufPreTokenizers, AllHavePatternsThatCompile) {
  for (const char* name :
       {"", "default", "llama-bpe", "qwen2", "qwen35", "gpt-4o", "kimi-k2", "tekken", "deepseek-v3", "deepseek-llm",
        "deepseek-coder", "gpt-2", "starcoder", "falcon", "glm4", "chatglm-bpe", "stablelm2", "dbrx"}) {
    const GgufPreTokenizer* pre = find_gguf_pre_tokenizer(name);
    ASSERT_NE(pre, nullptr) << name;
    for (const char* pattern : pre->patterns) EXPECT_TRUE(TokenPattern::regex(pattern, name).ok()) << name << ": " << pattern;
  }
}

TEST(StopTokens, AreThoseOfTheTokenizerAndOfTheGenerationConfig) {
  const auto source = open_model(std::string(KT_TEST_DATA) + "/models/llama", OpenOptions{.need_weights = false});
  ASSERT_TRUE(source.ok()) << source.error().text();
  const auto tokenizer = load_tokenizer(*source);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().text();
  EXPECT_EQ(stop_tokens(*source, **tokenizer), Ids{382});
  ModelSource more = *source;
  more.generation_config["eos_token_id"] = {379, 382, 1 << 30, -1, "x"};
  EXPECT_EQ(stop_tokens(more, **tokenizer), (Ids{382, 379}));
}

TEST(FolderWithoutConfig, HasATokenizerAllTheSame) {
  const auto source =
      open_model(std::string(KT_TEST_DATA) + "/tokenizers/qwen2", OpenOptions{.need_weights = false, .need_config = false});
  ASSERT_TRUE(source.ok()) << source.error().text();
  EXPECT_TRUE(load_tokenizer(*source).ok());
  EXPECT_FALSE(open_model(std::string(KT_TEST_DATA) + "/tokenizers/qwen2", OpenOptions{.need_weights = false}).ok());
}

TEST(EmbeddingRows, BoundTheIdsOfTheTokenizer) {
  ModelSource source = *open_model(std::string(KT_TEST_DATA) + "/models/llama", OpenOptions{.need_weights = false});
  Json config = source.config.json();
  config["vocab_size"] = 383;
  source.config = *ModelConfig::from_json(config, "config.json");
  const auto tokenizer = load_tokenizer(source);
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_NE(tokenizer.error().message.find("id 383 is outside [0, 383)"), std::string::npos) << tokenizer.error().message;
}

}  // namespace
}  // namespace kt::core
