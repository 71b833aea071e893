#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/jinja/render.h"

namespace kt::core::jinja {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// Fails with that code, and soon: a sanitizer build on a busy machine stays far below this.
void expect_stops(const std::string& source, int code) {
  const auto start = std::chrono::steady_clock::now();
  const Result<std::string> text = render_text(source);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ASSERT_FALSE(text.ok()) << source.substr(0, 200);
  EXPECT_EQ(text.error().code, code) << text.error().text();
  EXPECT_EQ(text.error().message.find('\n'), std::string::npos);
  EXPECT_LT(seconds, 20);
}

TEST(JinjaLimits, LongLoopsEnd) {
  expect_stops("{% for i in range(1000000000) %}x{% endfor %}", 414);
  const std::string loops =
      "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% set x = a %}{% endfor %}{% endfor "
      "%}{% endfor %}";
  expect_stops(loops, 414);
  expect_stops("{{ ([0] * 1000000000)|length }}", 414);
  expect_stops("{{ [0]|map('string')|list * 9000000000000000000 }}", 414);
}

TEST(JinjaLimits, DeepNestingEnds) {
  expect_stops("{{ " + repeated("(", 4000) + "1" + repeated(")", 4000) + " }}", 412);
  expect_stops("{{ " + repeated("[", 4000) + repeated("]", 4000) + " }}", 412);
  expect_stops("{{ " + repeated("- ", 4000) + "1 }}", 412);
  expect_stops("{{ " + repeated("not ", 4000) + "1 }}", 412);
  expect_stops("{{ " + repeated("1 if 1 else ", 4000) + "1 }}", 412);
  expect_stops(repeated("{% if 1 %}", 4000) + repeated("{% endif %}", 4000), 412);
  expect_stops(repeated("{% for x in y %}", 4000) + repeated("{% endfor %}", 4000), 412);
  expect_stops("{% set " + repeated("(", 4000) + "a" + repeated(")", 4000) + " = 1 %}", 412);
}

TEST(JinjaLimits, LongChainsAreFine) {
  EXPECT_EQ(render_text("{{ " + repeated("1 + ", 4000) + "1 }}").value(), "4001");
  EXPECT_EQ(render_text("{{ 'a'" + repeated("|upper", 4000) + " }}").value(), "A");
  EXPECT_EQ(render_text("{% if 0 %}" + repeated("{% elif 0 %}", 4000) + "{% else %}x{% endif %}").value(), "x");
  EXPECT_EQ(render_text("{{ 0" + repeated(" or 0", 4000) + " }}").value(), "0");
}

TEST(JinjaLimits, DoublingEnds) {
  expect_stops("{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", 414);
  expect_stops("{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", 414);
  expect_stops("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", 414);
  expect_stops("{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}", 414);
  expect_stops("{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x|replace('a', ns.x) %}{% endfor %}",
               414);
  expect_stops("{{ 'x' * 1000000000000 }}", 414);
  expect_stops("{{ 'x'.center(1000000000000) }}", 414);
  expect_stops("{{ '%1000000000d' % 1 }}", 414);
  expect_stops("{{ '{:1000000000}'.format('x') }}", 414);
  expect_stops("{{ 'a\nb'|indent(1000000000) }}", 414);
  expect_stops("{{ 'x' * 2000000 }}", 414);
}

TEST(JinjaLimits, MemoryOfManyStringsIsBounded) {
  expect_stops(
      "{% set ns = namespace(all=[], x='x' * 1000000) %}{% for i in range(1000) %}{% set ns.all = ns.all + [ns.x + 'y'] %}{% "
      "endfor %}",
      414);
}

TEST(JinjaLimits, RecursionEnds) {
  expect_stops("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}", 414);
  expect_stops(
      "{% macro m(x) %}{% for i in [1] %}{% if 1 %}{{ 'a' ~ (m(x)|upper) }}{% endif %}{% endfor %}{% endmacro %}{{ m(1) }}", 414);
  expect_stops("{% macro m() %}{{ caller }}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}", 414);
  expect_stops("{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", 414);
  expect_stops("{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}", 414);
  expect_stops(
      "{% set ns = namespace(x=['a']) %}{% for i in range(9999) %}{% set ns.x = ns.x|map('upper') %}{% endfor %}{{ ns.x|list }}",
      414);
}

TEST(JinjaLimits, NamespacesThatHoldEachOtherEnd) {
  const std::string ring = "{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = b %}";
  EXPECT_EQ(render_text(ring + "{{ a.b.a is defined }}").value(), "True");
  EXPECT_TRUE(render_text(ring + "{{ (a|string)|length > 0 }}").ok());
  const std::string chain =
      "{% set ns = namespace(p=none) %}{% for i in range(90000) %}{% set ns.p = namespace(p=ns.p) %}{% endfor %}done";
  EXPECT_EQ(render_text(chain).value(), "done");
}

TEST(JinjaLimits, OptionsAreKept) {
  RenderOptions few;
  few.steps = 100;
  EXPECT_EQ(render_text("{% for i in range(200) %}{% endfor %}", {}, few).error().code, 414);
  RenderOptions small;
  small.output_bytes = 10;
  EXPECT_EQ(render_text("{{ 'x' * 11 }}", {}, small).error().code, 414);
  EXPECT_EQ(render_text("{{ 'x' * 10 }}", {}, small).value(), "xxxxxxxxxx");
}

}  // namespace
}  // namespace kt::core::jinja
