// A tokenizer.json; one that is accepted encodes and decodes.
#include "core/text/read_tokenizer.h"
#include "tests/fuzz/support.h"

namespace kt::core::fuzz {
namespace {

constexpr int64_t kRows = 4096;
constexpr const char* kText = "Hello <s> w\xc3\xb6rld, 12345 \xe2\x96\x81\xf0\x9f\x98\x80\n\n  x";

Status use(std::string_view text) {
  const Tokenizer tokenizer = KT_TRY(tokenizer_from_json(KT_TRY(parse_json(text, "tokenizer.json")), Json(), kRows));
  require(tokenizer.vocab_size() <= kRows, "ids stay inside the embedding");
  const std::vector<int32_t> ids = tokenizer.encode(kText, {.add_special = true, .parse_special = true});
  for (const int32_t id : ids) require(id >= 0 && id < tokenizer.vocab_size(), "a token is one of the vocabulary");
  (void)tokenizer.decode(ids, false);
  return {};
}

}  // namespace
}  // namespace kt::core::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core::fuzz;
  const auto used = use(text_of(data, size));
  if (!used.ok()) require_refusal(used.error());
  return 0;
}
