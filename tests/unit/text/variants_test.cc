// The steps that no golden family uses: other normalizers, pre-tokenizers, decoders and flags put into two of them, against the
// reference implementation (tests/differential/compare_tokenizers.py --write).
#include <gtest/gtest.h>

#include "core/text/oniguruma.h"
#include "tests/unit/text/golden.h"

namespace kt::core {
namespace {

using Ids = std::vector<int32_t>;

TEST(TokenizerVariants, GiveTheTokensAndTextsOfTheReference) {
  const Json variants = golden_json("tokenizers/variants.json");
  ASSERT_GT(variants.size(), 100u);
  for (const Json& variant : variants) {
    const std::string name = variant["family"].get<std::string>() + " with " + variant["name"].get<std::string>();
    Json document = golden_json("tokenizers/" + variant["family"].get<std::string>() + "/tokenizer.json");
    for (const auto& [key, value] : variant["parts"].items()) document[key] = value;
    const auto tokenizer = tokenizer_from_json(document, Json());
    ASSERT_TRUE(tokenizer.ok()) << name << ": " << tokenizer.error().text();
    for (const Json& item : variant["cases"]) {
      const Ids ids = tokenizer->encode(item["text"].get<std::string>(), {.add_special = true, .parse_special = true});
      EXPECT_EQ(ids, item["ids"].get<Ids>()) << name << ": " << item["text"];
      EXPECT_EQ(tokenizer->decode(item["ids"].get<Ids>(), false), item["decoded"].get<std::string>()) << name;
    }
  }
}

TEST(Oniguruma, ClassesBecomePlainOnesWherePossible) {
  const auto translated = [](const char* pattern) {
    const auto out = pcre2_from_oniguruma(pattern);
    return out.ok() ? *out : out.error().message;
  };
  EXPECT_EQ(translated(R"([\p{L}\p{M}&&[^\p{Han}]]+)"), R"([^\p{N}\p{P}\p{S}\p{Z}\p{C}\p{sc:Han}]+)");
  EXPECT_EQ(translated(R"([\p{L}&&\p{Lu}])"), R"([\p{Lu}])");
  EXPECT_EQ(translated(R"([^\p{L}])"), R"([^\p{L}])");
  EXPECT_EQ(translated("[a-c[x-z]]"), "[a-cx-z]");
  EXPECT_EQ(translated("[a-z&&[aeiou]]"), "(?:(?=[a-z])[aeiou])");
  EXPECT_EQ(translated(R"([]a\]])"), R"([\]a\]])");
  EXPECT_EQ(translated(R"(\h\v\u3042)"), R"([0-9a-fA-F]\x{B}\x{3042})");
  EXPECT_EQ(translated("(?mi:a{,3})"), "(?si:a{0,3})");
  EXPECT_EQ(translated("[a&&"), "tokenizer: regular expression: a character class is not closed");
}

}  // namespace
}  // namespace kt::core
