#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/jinja/render.h"

namespace kt::core::jinja {
namespace {

Json read_golden(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return Json::parse(text.str());
}

std::string time_text(const Json& now) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d %02d:%02d:%02d", now[0].get<int>(), now[1].get<int>(), now[2].get<int>(),
                now[3].get<int>(), now[4].get<int>(), now[5].get<int>());
  return buffer;
}

void check(const Json& test, const std::string& source, const std::vector<Variable>& variables, const Json& now) {
  RenderOptions options;
  options.now = time_text(now);
  const Result<std::string> text = render_text(source, variables, options);
  if (!test.contains("expected")) {
    ASSERT_FALSE(text.ok()) << text.value();
    const std::string error = test["error"].get<std::string>();
    const std::string marker = "TemplateError: ";
    if (error.starts_with(marker)) {
      EXPECT_EQ(text.error().message, error.substr(marker.size()));
    }
    return;
  }
  ASSERT_TRUE(text.ok()) << text.error().text();
  EXPECT_EQ(text.value(), test["expected"].get<std::string>());
}

std::vector<Variable> variables_of(const Json& document, const Json& test) {
  std::vector<Variable> out = {{"messages", test["messages"], true},
                               {"tools", test["tools"], true},
                               {"documents", Json(), true},
                               {"add_generation_prompt", test["add_generation_prompt"]}};
  for (const char* token : {"bos_token", "eos_token"}) out.push_back({token, document[token]});
  for (const auto& [name, value] : test["kwargs"].items()) out.push_back({name, value, true});
  return out;
}

TEST(JinjaGolden, TemplatesRenderExactly) {
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KT_TEST_DATA "/chat_templates")) {
    if (entry.path().filename() == "jinja_units.json") continue;
    const Json document = read_golden(entry.path());
    for (const Json& test : document["cases"]) {
      SCOPED_TRACE(entry.path().filename().string() + " " + test["name"].get<std::string>());
      check(test, document["template"].get<std::string>(), variables_of(document, test), document["now"]);
      ++cases;
    }
  }
  EXPECT_GE(cases, 100);
}

TEST(JinjaGolden, ConstructsRenderExactly) {
  const Json document = read_golden(KT_TEST_DATA "/chat_templates/jinja_units.json");
  for (const Json& test : document["cases"]) {
    SCOPED_TRACE(test["template"].get<std::string>());
    std::vector<Variable> variables;
    for (const auto& [name, value] : test["vars"].items()) variables.push_back({name, value, true});
    check(test, test["template"].get<std::string>(), variables, document["now"]);
  }
}

}  // namespace
}  // namespace kt::core::jinja
