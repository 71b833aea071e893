#include "core/base/regex.h"

#include <gtest/gtest.h>

namespace kt::core {
namespace {

Regex compiled(std::string_view pattern, RegexOptions options = {}) {
  auto regex = Regex::compile(pattern, options);
  EXPECT_TRUE(regex.ok()) << regex.error().text();
  return std::move(regex).value();
}

TEST(Regex, SearchGivesOffsetsAndGroups) {
  const Regex regex = compiled(R"(layers\.(\d+)\.(?<part>mlp)?(attn)?)");
  RegexMatch match;
  ASSERT_EQ(regex.search("model.layers.17.mlp", 0, &match), RegexOutcome::kMatch);
  EXPECT_EQ(match.begin, 6u);
  EXPECT_EQ(match.end, 19u);
  ASSERT_EQ(match.groups.size(), 4u);
  EXPECT_EQ(match.groups[1], (RegexSpan{13, 15}));
  EXPECT_EQ(match.groups[regex.group_index("part")], (RegexSpan{16, 19}));
  EXPECT_FALSE(match.groups[3].set());
  EXPECT_EQ(regex.group_index("absent"), 0u);
}

TEST(Regex, SearchStartsWhereItIsTold) {
  const Regex regex = compiled("(?<=a)b");
  RegexMatch match;
  EXPECT_EQ(regex.search("ab ab", 2, &match), RegexOutcome::kMatch);
  EXPECT_EQ(match.begin, 4u);
  EXPECT_EQ(regex.search("ab", 1, &match), RegexOutcome::kMatch);
  EXPECT_EQ(regex.search("ab", 9, &match), RegexOutcome::kNoMatch);
}

TEST(Regex, FindAllKeepsEmptyMatchesAndWholeCharacters) {
  std::vector<RegexSpan> spans;
  EXPECT_EQ(compiled("x*").find_all("xé", &spans), RegexOutcome::kMatch);
  EXPECT_EQ(spans, (std::vector<RegexSpan>{{0, 1}, {1, 1}, {3, 3}}));
  EXPECT_EQ(compiled("q").find_all("xé", &spans), RegexOutcome::kNoMatch);
  EXPECT_EQ(compiled(R"(\p{Han}+)").find_all("a漢字b", &spans), RegexOutcome::kMatch);
  EXPECT_EQ(spans, (std::vector<RegexSpan>{{1, 7}}));
}

TEST(Regex, BadPatternNamesTheByteAndTheReason) {
  const auto regex = Regex::compile(R"(layers\.[0-9)");
  ASSERT_FALSE(regex.ok());
  EXPECT_EQ(regex.error().code, 204);
  EXPECT_NE(regex.error().message.find("byte 12"), std::string::npos) << regex.error().text();
  EXPECT_NE(regex.error().message.find("terminating ]"), std::string::npos) << regex.error().text();
}

TEST(Regex, OversizedAndDeepPatternsAreRefused) {
  EXPECT_FALSE(Regex::compile(std::string(5000, 'a')).ok());
  EXPECT_FALSE(Regex::compile(std::string(200, '(') + "a" + std::string(200, ')')).ok());
  EXPECT_FALSE(Regex::compile("((a{1,1000}){1,1000}){1,1000}").ok());
  EXPECT_FALSE(Regex::compile(R"(a\Cb)").ok());
  EXPECT_FALSE(Regex::compile("\xff").ok());
}

TEST(Regex, CatastrophicBacktrackingEndsInALimit) {
  RegexMatch match;
  EXPECT_EQ(compiled("(a+)+$").search(std::string(64, 'a') + "b", 0, &match), RegexOutcome::kLimit);
  EXPECT_EQ(compiled("((?:a|a)*)*c$").search(std::string(4000, 'a') + "cb", 0, &match), RegexOutcome::kLimit);
}

TEST(Regex, TextThatIsNotUtf8IsReported) {
  RegexMatch match;
  std::vector<RegexSpan> spans;
  EXPECT_EQ(compiled("a").search("\xc3", 0, &match), RegexOutcome::kBadText);
  EXPECT_EQ(compiled("a").find_all("\xff", &spans), RegexOutcome::kBadText);
  RegexOptions bytes;
  bytes.utf = false;
  EXPECT_EQ(compiled("a", bytes)
                .search("\xff"
                        "a",
                        0, &match),
            RegexOutcome::kMatch);
}

TEST(Regex, LongestPartialShowsWhereANameStopsMatching) {
  const Regex regex = compiled(R"(^model\.layers\.[3-6]\.mlp\.expert$)");
  EXPECT_EQ(regex.longest_partial("model.layers.3.mlp.experts"), (RegexSpan{0, 25}));
  EXPECT_EQ(regex.longest_partial("model.layers.9.mlp.experts"), (RegexSpan{0, 13}));
  EXPECT_FALSE(regex.longest_partial("lm_head").set());
  EXPECT_EQ(compiled("abcd").longest_partial("xabcxab"), (RegexSpan{1, 4}));
}

}  // namespace
}  // namespace kt::core
