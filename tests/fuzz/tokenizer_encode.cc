// Any text under several tokenizers: the first byte chooses which. Text of users gives no control token, and what is decoded is
// UTF-8.
#include <vector>

#include "core/io/open_file.h"
#include "core/io/untrusted_text.h"
#include "core/text/read_tokenizer.h"
#include "tests/fuzz/support.h"

namespace kt::core::fuzz {
namespace {

constexpr const char* kTokenizers[] = {
    "models/llama",         "models/llama_spm", "models/deepseek_v3", "models/qwen3",           "tokenizers/llama3",
    "tokenizers/spm_gemma", "tokenizers/o200k", "tokenizers/glm4",    "tokenizers/deepseek_v3", "tokenizers/spm_metaspace"};

Result<Tokenizer> read(const std::string& folder) {
  const std::string file = std::string(KT_TEST_DATA) + "/" + folder + "/tokenizer.json";
  const std::string text = KT_TRY(read_file(file, uint64_t{1} << 24));
  return tokenizer_from_json(KT_TRY(parse_json(text, file)), Json());
}

const std::vector<Tokenizer>& tokenizers() {
  static const std::vector<Tokenizer> all = [] {
    std::vector<Tokenizer> out;
    for (const char* folder : kTokenizers) {
      auto tokenizer = read(folder);
      if (!tokenizer.ok()) std::fprintf(stderr, "%s\n", tokenizer.error().text().c_str());
      require(tokenizer.ok(), "the golden tokenizers can be read");
      out.push_back(std::move(*tokenizer));
    }
    return out;
  }();
  return all;
}

}  // namespace
}  // namespace kt::core::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core;
  using namespace kt::core::fuzz;
  if (size == 0) return 0;
  const Tokenizer& tokenizer = tokenizers()[data[0] % tokenizers().size()];
  const std::string_view text = text_of(data + 1, size - 1);
  const TextPart part{std::string(text), true};
  const std::vector<int32_t> plain = tokenizer.encode_parts({&part, 1}, false);
  for (const int32_t id : plain) {
    require(id >= 0 && id < tokenizer.vocab_size(), "a token is one of the vocabulary");
    require(!tokenizer.is_special(id) || tokenizer.piece(id).find("unk") != std::string::npos,
            "text of a user gives no control token");
  }
  require(is_utf8(tokenizer.decode(plain, false)), "decoded text is UTF-8");
  (void)tokenizer.decode(tokenizer.encode(text, {.add_special = true, .parse_special = true}), true);
  return 0;
}
