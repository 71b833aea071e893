// A rule file, native or in the list form, bound to a graph of experts and to a dense one.
#include "core/base/json.h"
#include "core/io/model_config.h"
#include "core/io/open_file.h"
#include "core/plugin/model_builder.h"
#include "tests/fuzz/support.h"
#include "tests/unit/rules/fake_operators.h"

namespace kt::core::fuzz {
namespace {

BuiltModel built(const std::string& model) {
  const std::string file = std::string(KT_TEST_DATA) + "/models/" + model + "/config.json";
  const auto build = [&]() -> Result<BuiltModel> {
    const std::string text = KT_TRY(read_file(file, 1 << 20));
    const ModelConfig config = KT_TRY(ModelConfig::from_json(KT_TRY(parse_json(text, file)), file));
    return build_model(model_registry(), config, nullptr);
  };
  auto out = build();
  require(out.ok(), "the golden models' graphs can be built");
  return std::move(*out);
}

}  // namespace
}  // namespace kt::core::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core;
  using namespace kt::core::fuzz;
  static const BuiltModel models[] = {built("qwen3_moe"), built("llama")};
  static const test::FakeOperators operators = test::cpu_operators();
  const std::string text(text_of(data, size));
  for (const BuiltModel& model : models) {
    const BindAttempt attempt = try_bind(*model.graph, parse_rules(text, "r.yaml", {}, {}), operators, test::cpu_machine(), {});
    require(attempt.errors.size() <= 20, "at most 20 errors are told");
    for (const Error& error : attempt.errors) {
      require(exit_code(error.code) == 3, "errors of rules exit with 3");
      require(!error.message.empty(), "an error has a message");
      require(error.place.file.empty() || error.place.line > 0, "an error of a rule file has a line");
    }
  }
  return 0;
}
