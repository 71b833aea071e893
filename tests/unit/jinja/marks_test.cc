#include <gtest/gtest.h>

#include "tests/unit/jinja/render.h"

namespace kt::core::jinja {
namespace {

// The parts as text, those of the user between angle quotes.
std::string marked(const std::string& source, const Json& user, const Json& other = Json()) {
  const auto parts = render_parts(source, {{"u", user, true}, {"t", other, false}});
  if (!parts.ok()) return parts.error().text();
  std::string out;
  for (const TextPart& part : parts.value()) out += part.is_input ? "«" + part.text + "»" : part.text;
  return out;
}

TEST(JinjaMarks, TextOfUsersStaysMarked) {
  EXPECT_EQ(marked("<s>{{ u }}</s>", "hi"), "<s>«hi»</s>");
  EXPECT_EQ(marked("{{ '<s>' + u + t }}", "hi", "there"), "<s>«hi»there");
  EXPECT_EQ(marked("{{ '<s>' ~ u.role ~ '\n' ~ u.content }}", {{"role", "user"}, {"content", "x"}}), "<s>«user»\n«x»");
}

TEST(JinjaMarks, OperationsKeepMarks) {
  EXPECT_EQ(marked("{{ ('ab' ~ u)[1:4] }}", "xyz"), "b«xy»");
  EXPECT_EQ(marked("{{ ('ab' ~ u)[::-1] }}", "xyz"), "«zyx»ba");
  EXPECT_EQ(marked("{{ ('  a' ~ u)|trim }}", "x  "), "a«x»");
  EXPECT_EQ(marked("{{ ('a' ~ u).upper() }}", "ß"), "A«SS»");
  EXPECT_EQ(marked("{{ ('a-' ~ u).split('-')|join('+') }}", "x-y"), "a+«x»+«y»");
  EXPECT_EQ(marked("{{ u|replace('y', '<|y|>') }}", "xyz"), "«x»<|y|>«z»");
  EXPECT_EQ(marked("{{ 'xyz'|replace('y', u) }}", "<|y|>"), "x«<|y|>»z");
  EXPECT_EQ(marked("{{ '[%s]' % u }}{{ '[{}]'.format(u) }}", "x"), "[«x»][«x»]");
  EXPECT_EQ(marked("{{ u|indent(2, true) }}", "a\nb"), "  «a»\n  «b»");
  EXPECT_EQ(marked("{{ u * 2 }},{{ u|first }},{{ u|list|last }}", "ab"), "«abab»,«a»,«b»");
  EXPECT_EQ(marked("{% set x %}<{{ u }}>{% endset %}{{ x|upper }}", "a"), "<«A»>");
  EXPECT_EQ(marked("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(u) }}", "a"), "<«a»>");
  EXPECT_EQ(marked("{% for c in u %}{{ c }},{% endfor %}", "ab"), "«a»,«b»,");
  EXPECT_EQ(marked("{{ u|e }}", "<"), "«&lt;»");
}

TEST(JinjaMarks, DumpsOfUserDataAreMarkedAsAWhole) {
  EXPECT_EQ(marked("<{{ u|tojson }}>", {{"a", "<|x|>"}}), "<«{\"a\": \"<|x|>\"}»>");
  EXPECT_EQ(marked("<{{ [1, u] }}>", "x"), "<«[1, 'x']»>");
  EXPECT_EQ(marked("<{{ t|tojson }}>", "", {{"a", 1}}), "<{\"a\": 1}>");
}

TEST(JinjaMarks, KeysOfUsersAreMarked) {
  EXPECT_EQ(marked("{% for k, v in u.items() %}{{ k }}={{ v }};{% endfor %}", {{"<|k|>", 1}}), "«<|k|>»=1;");
}

TEST(JinjaMarks, ValuesOfTheTemplateChosenByUsersAreNot) {
  EXPECT_EQ(marked("{{ {'user': '<|u|>'}[u] }}", "user"), "<|u|>");
  EXPECT_EQ(marked("{{ '<|u|>' if u == 'user' }}", "user"), "<|u|>");
}

}  // namespace
}  // namespace kt::core::jinja
