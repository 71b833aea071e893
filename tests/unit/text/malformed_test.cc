// Descriptions of tokenizers that are wrong: each gives one sentence, never a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "tests/unit/text/golden.h"

namespace kt::core {
namespace {

// A small byte-level tokenizer of four tokens and one added token.
Json small() {
  return Json::parse(R"({
    "added_tokens": [{"id": 4, "content": "<s>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}],
    "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}, "post_processor": null,
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "aba": 3}, "merges": ["a b", ["ab", "a"]]}})");
}

struct Case {
  const char* name;
  const char* path;      // JSON pointer of what is changed
  const char* value;     // its new value
  const char* expected;  // part of the message; "": it is accepted
};

constexpr Case kCases[] = {
    {"untouched", "/version", "\"1.0\"", ""},
    {"id_negative", "/model/vocab/a", "-1", "id -1 is outside [0, 300)"},
    {"id_fraction", "/model/vocab/a", "1.5", "the id must be a whole number, it is 1.5"},
    {"id_text", "/model/vocab/a", "\"259\"", "the id must be a whole number, it is \"259\""},
    {"id_null", "/model/vocab/a", "null", "the id must be a whole number"},
    {"id_32_bits", "/model/vocab/a", "4294967295", "id 4294967295 is outside [0, 300)"},
    {"id_64_bits", "/model/vocab/a", "18446744073709551615", "id 18446744073709551615 is outside"},
    {"id_2_to_70", "/model/vocab/a", "1180591620717411303424", "the id must be a whole number"},
    {"id_past_embedding", "/model/vocab/a", "300", "id 300 is outside [0, 300)"},
    {"id_twice", "/model/vocab/a", "1", "is there twice"},
    {"vocabulary_missing", "/model/vocab", "null", "model.vocab: is missing or empty"},
    {"vocabulary_empty", "/model/vocab", "{}", "model.vocab: is missing or empty"},
    {"vocabulary_is_a_list", "/model/vocab", "[[\"a\", 1]]", "model.vocab: must be an object"},
    {"model_missing", "/model", "null", "model: is missing"},
    {"model_is_a_list", "/model", "[]", "model: must be an object"},
    {"model_unknown", "/model/type", "\"Magic\"", "model.type: 'Magic' is not supported"},
    {"merges_missing", "/model/merges", "null", "model.merges: is missing"},
    {"merges_of_numbers", "/model/merges", "[1]", "model.merges[0]: must be a pair of tokens"},
    {"merge_of_one", "/model/merges", "[\"ab\"]", "'ab' is no pair of tokens"},
    {"merge_of_three", "/model/merges", "[\"a b a\"]", "'a b a' is no pair of tokens"},
    {"merge_of_unknown", "/model/merges", "[\"a z\"]", "a side is not in the vocabulary"},
    {"merge_to_unknown", "/model/merges", "[\"b a\"]", "the result is not in the vocabulary"},
    {"unk_unknown", "/model/unk_token", "\"<unk>\"", "'<unk>' is not in the vocabulary"},
    {"flag_of_wrong_type", "/model/byte_fallback", "1", "model.byte_fallback: must be true or false"},
    {"added_without_id", "/added_tokens/0/id", "null", "has no id"},
    {"added_id_negative", "/added_tokens/0/id", "-1", "id -1 is outside"},
    {"added_id_taken", "/added_tokens/0/id", "0", "id 0 is 'a' in the vocabulary"},
    {"added_id_past_embedding", "/added_tokens/0/id", "300", "id 300 is outside"},
    {"added_empty", "/added_tokens/0/content", "\"\"", "its content is empty"},
    {"added_other_id", "/added_tokens/0/content", "\"ab\"", "'ab' has id 4, in the vocabulary 2"},
    {"added_is_a_text", "/added_tokens/0", "\"<s>\"", "must be an object"},
    {"added_is_an_object", "/added_tokens", "{}", "added_tokens: must be a list"},
    {"pattern_bad", "/pre_tokenizer", R"({"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "(a"}})",
     "bad regular expression"},
    {"pattern_class_open", "/pre_tokenizer", R"({"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "[a"}})",
     "a character class is not closed"},
    {"pattern_empty", "/pre_tokenizer", R"({"type": "Split", "behavior": "Isolated", "pattern": {"String": ""}})",
     "the pattern is empty"},
    {"pattern_explodes", "/pre_tokenizer", R"({"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "(a+)+b"}})",
     "backtracks too much"},
    {"pattern_is_cubic", "/pre_tokenizer", R"({"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "\\s*\\s*\\s*x"}})",
     "backtracks too much"},
    {"pattern_explodes_before_line_ends", "/pre_tokenizer",
     R"json({"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "(.+)+\\n\\n\\n"}})json", "backtracks too much"},
    {"behavior_unknown", "/pre_tokenizer", R"({"type": "Split", "behavior": "Sideways", "pattern": {"String": "a"}})",
     "'Sideways' is no way to split"},
    {"pre_tokenizer_unknown", "/pre_tokenizer", R"({"type": "Knife"})", "pre-tokenizer 'Knife' is not supported"},
    {"metaspace_of_two", "/pre_tokenizer", R"({"type": "Metaspace", "replacement": "ab"})", "must be one character"},
    {"scheme_unknown", "/pre_tokenizer", R"({"type": "Metaspace", "prepend_scheme": "often"})",
     "'often' is not never, first or always"},
    {"replace_nothing", "/normalizer", R"({"type": "Replace", "pattern": {"String": ""}, "content": "aa"})",
     "the pattern is empty"},
    {"replace_grows", "/normalizer", R"({"type": "Sequence", "normalizers": [
       {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaa"}, {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaa"}]})",
     "times longer"},
    {"normalizer_unknown", "/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": ""})",
     "normalizer 'Precompiled' is not supported"},
    {"normalizers_missing", "/normalizer", R"({"type": "Sequence"})", "must be a list"},
    {"decoder_unknown", "/decoder", R"({"type": "Enigma"})", "decoder 'Enigma' is not supported"},
    {"strip_negative", "/decoder", R"({"type": "Strip", "content": " ", "start": -1, "stop": 0})", "out of range"},
    {"strip_huge", "/decoder", R"({"type": "Strip", "content": " ", "start": 1e30, "stop": 0})", "must be a whole number"},
    {"template_id_unknown", "/post_processor",
     R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"<s>": {"ids": [99]}}})",
     "id 99 is outside"},
    {"template_token_unknown", "/post_processor",
     R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<x>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {}})",
     "'<x>' is missing"},
    {"template_without_text", "/post_processor", R"({"type": "TemplateProcessing", "single": [], "special_tokens": {}})",
     "must hold the text once"},
    {"post_processor_unknown", "/post_processor", R"({"type": "Stamp"})", "post-processor 'Stamp' is not supported"},
    {"unigram_scores", "/model", R"({"type": "Unigram", "unk_id": 0, "vocab": [["a", "high"]]})",
     "must be a pair of a token and its score"},
    {"unigram_unk", "/model", R"({"type": "Unigram", "unk_id": 7, "vocab": [["a", -1]]})", "id 7 is outside [0, 1)"},
};

class Malformed : public testing::TestWithParam<Case> {};

TEST_P(Malformed, IsRefusedWithOneSentence) {
  Json document = small();
  document[Json::json_pointer(GetParam().path)] = Json::parse(GetParam().value);
  const auto tokenizer = tokenizer_from_json(document, Json(), 300);
  if (*GetParam().expected == '\0') {
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.error().text();
    return;
  }
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_EQ(exit_code(tokenizer.error().code), static_cast<int>(Exit::kModel));
  EXPECT_NE(tokenizer.error().message.find(GetParam().expected), std::string::npos) << tokenizer.error().message;
  EXPECT_EQ(tokenizer.error().message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, Malformed, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(MalformedTokenizer, RefusesThePatternOfFifteenThousandGroups) {
  Json document = small();
  std::string pattern;
  for (int i = 0; i < 15000; ++i) pattern += "(a)";
  document["pre_tokenizer"] = {{"type", "Split"}, {"behavior", "Isolated"}, {"pattern", {{"Regex", pattern}}}};
  const auto tokenizer = tokenizer_from_json(document, Json());
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_NE(tokenizer.error().message.find("at most 16384 are allowed"), std::string::npos) << tokenizer.error().message;
}

TEST(MalformedTokenizer, RefusesDeepAndLongSequences) {
  std::string deep = R"({"type": "NFC"})";
  for (int i = 0; i < 3000; ++i) deep = R"({"type": "Sequence", "normalizers": [)" + deep + "]}";
  const auto parsed = parse_json("{\"normalizer\": " + deep + "}", "tokenizer.json");
  ASSERT_FALSE(parsed.ok());
  EXPECT_NE(parsed.error().message.find("nesting deeper than 64"), std::string::npos);
  Json document = small();
  document["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  for (int i = 0; i < 1000; ++i) document["normalizer"]["normalizers"].push_back({{"type", "NFC"}});
  EXPECT_FALSE(tokenizer_from_json(document, Json()).ok());
}

TEST(MalformedTokenizer, RefusesDuplicateTokens) {
  EXPECT_FALSE(parse_json(R"({"model": {"vocab": {"a": 0, "a": 1}}})", "tokenizer.json").ok());
  Json document = small();
  document["added_tokens"].push_back(document["added_tokens"][0]);
  const auto tokenizer = tokenizer_from_json(document, Json());
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_NE(tokenizer.error().message.find("used by another added token"), std::string::npos);
}

TEST(MalformedTokenizer, BoundsHolesBetweenIds) {
  Json document = small();
  document["model"]["vocab"]["z"] = 1 << 23;
  EXPECT_FALSE(tokenizer_from_json(document, Json()).ok());
}

TEST(SmallTokenizer, ReplacesBadBytesOfTheText) {
  Json document = small();
  document["model"]["vocab"]["ï"] = 5;
  const auto tokenizer = tokenizer_from_json(document, Json());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().text();
  EXPECT_EQ(tokenizer->encode("ab\xFF"
                              "a"),
            (std::vector<int32_t>{2, 5, 0}));  // the first byte of U+FFFD is known, the others vanish
}

// Any value put anywhere, in every family: an error or a tokenizer that works, in bounded time.
class Mutated : public testing::TestWithParam<const char*> {};

// Every value of the document and what holds it, but few of the many tokens and merges.
std::vector<Json::json_pointer> places(const Json& document) {
  std::vector<std::string> out;
  const Json flat = document.flatten();
  size_t count = 0;
  for (const auto& [path, value] : flat.items()) {
    if (path.starts_with("/model/") && ++count % 20 != 0) continue;
    for (std::string place = path; !place.empty(); place.resize(place.rfind('/'))) out.push_back(place);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return {out.begin(), out.end()};
}

TEST_P(Mutated, NeverCrashesNorHangs) {
  const std::string folder = std::string("tokenizers/") + GetParam();
  const Json document = golden_json(folder + "/tokenizer.json");
  const Json values = Json::parse(
      R"json([null, true, -1, 0, 3, 1.5, 4294967296, "", "a", "é▁<0x41>", [], {}, [["a", "b"]], {"type": "NFKC"}, {"Regex": "(?=a)"}])json");
  const auto pointers = places(document);
  std::mt19937 random(7);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) {
    Json changed = document;
    const auto& pointer = pointers[random() % pointers.size()];
    try {
      changed[pointer] = values[random() % values.size()];
    } catch (const Json::exception&) {
      continue;
    }
    const auto tokenizer = tokenizer_from_json(changed, Json(), 600);
    if (!tokenizer.ok()) {
      EXPECT_EQ(exit_code(tokenizer.error().code), static_cast<int>(Exit::kModel));
      continue;
    }
    const auto ids = tokenizer->encode("It's 2024! 你好 e\u0301  <s></s> \n\tx", {.add_special = true, .parse_special = true});
    for (const int32_t id : ids) EXPECT_TRUE(id >= 0 && id < 600);
    tokenizer->decode(ids, false);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

INSTANTIATE_TEST_SUITE_P(All, Mutated,
                         testing::Values("gpt2", "qwen2", "llama3", "deepseek_v3", "o200k", "kimi", "glm4", "spm_llama2",
                                         "spm_metaspace", "spm_gemma"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace kt::core
