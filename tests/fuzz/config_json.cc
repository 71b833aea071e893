// A config.json as far as the graph of its model.
#include "core/base/json.h"
#include "core/io/model_config.h"
#include "core/plugin/model_builder.h"
#include "tests/fuzz/support.h"

namespace kt::core::fuzz {
namespace {

Status build(std::string_view text) {
  const ModelConfig config = KT_TRY(ModelConfig::from_json(KT_TRY(parse_json(text, "config.json")), "config.json"));
  return build_model(model_registry(), config, nullptr).status();
}

}  // namespace
}  // namespace kt::core::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core::fuzz;
  const auto built = build(text_of(data, size));
  if (!built.ok()) require_refusal(built.error());
  return 0;
}
