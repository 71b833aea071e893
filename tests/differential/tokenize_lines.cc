// Tokenises JSON lines {"text": ...} for the differential test of tokenizers: prints {"ids", "plain", "decoded", "skipped",
// "streamed"}.
#include <fstream>
#include <iostream>
#include <iterator>

#include "core/text/detokenizer.h"
#include "core/text/read_tokenizer.h"

namespace kt::core {
namespace {

Result<Json> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Json();
  return parse_json(std::string(std::istreambuf_iterator<char>(file), {}), path);
}

std::string streamed(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  Detokenizer detokenizer(tokenizer, true);
  std::string text;
  for (const int32_t id : ids) text += detokenizer.push(id);
  return text + detokenizer.finish();
}

Status run(const std::string& folder) {
  const Json document = KT_TRY(read(folder + "/tokenizer.json"));
  const Tokenizer tokenizer = KT_TRY(tokenizer_from_json(document, KT_TRY(read(folder + "/tokenizer_config.json"))));
  for (std::string line; std::getline(std::cin, line);) {
    const Json request = KT_TRY(parse_json(line, "stdin"));
    Json answer;
    if (request.contains("ids")) {
      const auto ids = request["ids"].get<std::vector<int32_t>>();
      answer = {{"decoded", tokenizer.decode(ids, false)},
                {"skipped", tokenizer.decode(ids, true)},
                {"streamed", streamed(tokenizer, ids)}};
    } else {
      const auto text = request["text"].get<std::string>();
      answer = {{"ids", tokenizer.encode(text, {.add_special = true, .parse_special = true})},
                {"plain", tokenizer.encode(text, {.add_special = false})}};
    }
    std::cout << answer.dump() << "\n";
  }
  return {};
}

}  // namespace
}  // namespace kt::core

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: kt_tokenize_lines FOLDER < requests\n", 2;
  const kt::core::Status status = kt::core::run(argv[1]);
  if (!status.ok()) std::cerr << status.error().text() << "\n";
  return status.ok() ? 0 : 1;
}
