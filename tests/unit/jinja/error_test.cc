#include <gtest/gtest.h>

#include "tests/unit/jinja/render.h"

namespace kt::core::jinja {
namespace {

TEST(JinjaErrors, SayWhereAndShowTheLine) {
  const auto text = render_text("first\n  {{ a.b }}\n");
  ASSERT_FALSE(text.ok());
  const Error& error = text.error();
  EXPECT_EQ(error.code, 413);
  EXPECT_EQ(error.place.line, 2);
  EXPECT_EQ(error.place.column, 7);
  EXPECT_EQ(error.message, "'a' is undefined");
  EXPECT_EQ(error.rest, "    {{ a.b }}\n        ^");
}

TEST(JinjaErrors, ColumnsCountCharacters) { EXPECT_EQ(render_text("{{ 'é你' ~ a.b }}").error().place.column, 12); }

TEST(JinjaErrors, SyntaxHasItsOwnCode) {
  for (const char* source : {"{{ 1 +",
                             "{{ 1 + }}",
                             "{% if %}x{% endif %}",
                             "{% if 1 %}x",
                             "{% endif %}",
                             "{% nothing %}",
                             "{{ 'abc }}",
                             "{# never",
                             "{% raw %}x",
                             "{{ (1 }}",
                             "{{ 1) }}",
                             "{{ a|nothing }}",
                             "{{ a is nothing }}",
                             "{% break %}",
                             "{% set 1 = 2 %}",
                             "{% set true = 2 %}",
                             "{% for x %}{% endfor %}",
                             "{% macro m(a=1, b) %}{% endmacro %}",
                             "{{ f(a=1, 2) }}",
                             "{{ '\\ud800' }}",
                             "{{ 99999999999999999999 }}",
                             "{{ a b }}",
                             "{% do x %}",
                             "{{ a ? b }}",
                             "{{}}",
                             "{% for x in y %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}"}) {
    const auto text = render_text(source);
    ASSERT_FALSE(text.ok()) << source;
    EXPECT_EQ(text.error().code, 412) << source << ": " << text.error().text();
    EXPECT_GT(text.error().place.line, 0) << source;
  }
}

TEST(JinjaErrors, UnknownFiltersInConditionsFailWhenReached) {
  EXPECT_EQ(render_text("{% if 'x' is filter %}{{ 1|x }}{% else %}no{% endif %}").value(), "no");
  EXPECT_EQ(render_text("{{ 1|x if 'x' is filter else 'no' }}").value(), "no");
  EXPECT_EQ(render_text("{% if 1 %}{{ 1|x }}{% endif %}").error().code, 413);
}

TEST(JinjaErrors, SuggestNames) { EXPECT_EQ(render_text("{{ a|uper }}").error().hint, "did you mean 'upper'?"); }

TEST(JinjaErrors, RaiseExceptionGivesItsOwnSentence) {
  const auto text = render_text("\n{{ raise_exception('Roles must alternate') }}");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().message, "Roles must alternate");
  EXPECT_EQ(text.error().place.line, 2);
}

TEST(JinjaErrors, ValuesDoNotChange) {
  for (const char* source :
       {"{{ [1].append(2) }}", "{{ {}.update({}) }}", "{{ {'a': 1}.pop('a') }}", "{{ ''.__class__.mro() }}"}) {
    const auto text = render_text(source);
    ASSERT_FALSE(text.ok()) << source;
    EXPECT_NE(text.error().message.find("unsafe"), std::string::npos) << text.error().text();
  }
}

TEST(JinjaErrors, IntegersOverflowLoudly) {
  for (const char* source : {"{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}", "{{ 4611686018427387904 * 2 }}",
                             "{{ 10 ** 30 }}", "{{ '99999999999999999999'|int }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ 1 / 0 }}"})
    EXPECT_EQ(render_text(source).error().code, 413) << source;
}

TEST(JinjaErrors, OtherTemplatesAreOutOfReach) {
  EXPECT_EQ(render_text("{% include 'x' %}").error().code, 413);
  EXPECT_EQ(render_text("{% if 0 %}{% include 'x' %}{% endif %}ok").value(), "ok");
}

}  // namespace
}  // namespace kt::core::jinja
