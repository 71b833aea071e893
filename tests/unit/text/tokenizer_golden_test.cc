// Every case of every family of tokenizers, against what the reference implementation gave.
#include <gtest/gtest.h>

#include "core/text/detokenizer.h"
#include "core/text/utf8.h"
#include "tests/unit/text/golden.h"

namespace kt::core {
namespace {

using Ids = std::vector<int32_t>;

constexpr EncodeOptions kPlain{.add_special = false, .parse_special = true};
constexpr EncodeOptions kSpecial{.add_special = true, .parse_special = true};

// The text of tokens pushed one by one; every result must be whole code points.
std::string streamed(const Tokenizer& tokenizer, const Ids& ids, bool skip_special) {
  Detokenizer detokenizer(tokenizer, skip_special);
  std::string text;
  for (const int32_t id : ids) {
    const std::string piece = detokenizer.push(id);
    EXPECT_TRUE(is_valid_utf8(piece));
    text += piece;
  }
  return text + detokenizer.finish();
}

class TokenizerFamily : public testing::TestWithParam<const char*> {
 protected:
  std::string folder_ = std::string("tokenizers/") + GetParam();
  Tokenizer tokenizer_ = golden_tokenizer(folder_);
  Json golden_ = golden_json(folder_ + "/cases.json");
};

TEST_P(TokenizerFamily, EncodesEveryCase) {
  ASSERT_GT(golden_["cases"].size(), 50u);
  for (const Json& item : golden_["cases"]) {
    const auto text = item["text"].get<std::string>();
    EXPECT_EQ(tokenizer_.encode(text, kPlain), item["ids"].get<Ids>()) << item["text"];
    EXPECT_EQ(tokenizer_.encode(text, kSpecial), item["ids_with_special"].get<Ids>()) << item["text"];
  }
}

TEST_P(TokenizerFamily, DecodesEveryCase) {
  for (const Json& item : golden_["cases"]) {
    EXPECT_EQ(tokenizer_.decode(item["ids"].get<Ids>(), false), item["decoded"].get<std::string>());
    EXPECT_EQ(tokenizer_.decode(item["ids_with_special"].get<Ids>(), true), item["decoded_skip_special"].get<std::string>());
  }
  for (const Json& item : golden_["decode_only"])
    EXPECT_EQ(tokenizer_.decode(item["ids"].get<Ids>(), false), item["decoded"].get<std::string>()) << item["ids"];
}

TEST_P(TokenizerFamily, StreamsWholeCodePointsThatJoinToTheDecodedText) {
  for (const Json& item : golden_["cases"]) {
    const Ids ids = item["ids_with_special"].get<Ids>();
    EXPECT_EQ(streamed(tokenizer_, ids, true), item["decoded_skip_special"].get<std::string>());
    EXPECT_EQ(streamed(tokenizer_, ids, false), tokenizer_.decode(ids, false));
  }
  for (const Json& item : golden_["decode_only"])
    EXPECT_EQ(streamed(tokenizer_, item["ids"].get<Ids>(), false), item["decoded"].get<std::string>());
}

TEST_P(TokenizerFamily, PartsGiveTheTokensOfTheJoinedText) {
  for (const Json& item : golden_["cases"]) {
    const auto text = item["text"].get<std::string>();
    for (size_t cut = 0; cut <= text.size(); cut += 1 + cut / 4) {
      while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) ++cut;
      const TextPart parts[] = {{text.substr(0, cut), false}, {text.substr(cut), false}};
      ASSERT_EQ(tokenizer_.encode_parts(parts, true), item["ids_with_special"].get<Ids>()) << item["text"] << " cut at " << cut;
    }
    const TextPart inputs[] = {{text.substr(0, 0), true}, {text, true}};
    EXPECT_EQ(tokenizer_.encode_parts(inputs, true), tokenizer_.encode(text, {})) << item["text"];
  }
}

TEST_P(TokenizerFamily, UserTextNeverBecomesAControlToken) {
  const Json document = golden_json(folder_ + "/tokenizer.json");
  std::vector<int32_t> added;
  std::string all;
  for (const Json& token : document["added_tokens"]) {
    added.push_back(token["id"].get<int32_t>());
    all += token["content"].get<std::string>() + " " + token["content"].get<std::string>();
  }
  const auto count_added = [&](const Ids& ids) {
    return std::count_if(ids.begin(), ids.end(), [&](int32_t id) { return std::count(added.begin(), added.end(), id) > 0; });
  };
  const TextPart input[] = {{all, true}};
  EXPECT_EQ(count_added(tokenizer_.encode_parts(input, false)), 0);
  const TextPart text[] = {{all, false}};
  EXPECT_EQ(count_added(tokenizer_.encode_parts(text, false)), static_cast<long>(2 * added.size()));
  for (const Json& token : document["added_tokens"]) {
    const auto content = token["content"].get<std::string>();
    const TextPart torn[] = {{content.substr(0, 1), false}, {content.substr(1), true}, {content, false}};
    EXPECT_EQ(count_added(tokenizer_.encode_parts(torn, false)), 1) << content;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerFamily,
                         testing::Values("gpt2", "qwen2", "llama3", "deepseek_v3", "o200k", "kimi", "glm4", "spm_llama2",
                                         "spm_metaspace", "spm_gemma"),
                         [](const auto& info) { return std::string(info.param); });

class ModelPrompt : public testing::TestWithParam<const char*> {};

TEST_P(ModelPrompt, IsTokenisedAsTheReferenceDid) {
  const std::string folder = std::string("models/") + GetParam();
  const Tokenizer tokenizer = golden_tokenizer(folder);
  const Json golden = golden_json(folder + "/golden.json");
  int found = 0;
  for (const Json& prompt : golden["prompts"]) {
    if (prompt["name"] != "text") continue;
    ++found;
    EXPECT_EQ(tokenizer.encode(golden["text_prompt"].get<std::string>(), {}), prompt["prompt_ids"].get<Ids>());
  }
  EXPECT_EQ(found, 1);
}

INSTANTIATE_TEST_SUITE_P(All, ModelPrompt,
                         testing::Values("deepseek_v2", "deepseek_v2_lite", "deepseek_v3", "kimi_k2", "llama", "llama_spm",
                                         "mixtral", "qwen2", "qwen2_moe", "qwen2_swa", "qwen3", "qwen3_moe"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace kt::core
