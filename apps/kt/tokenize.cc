// kt tokenize and kt detokenize: text to ids and back.
#include <cstdio>

#include "apps/kt/program.h"
#include "core/serve/chat.h"
#include "core/serve/workspace.h"

namespace kt::app {
namespace {

struct TokenizeFlags {
  std::string model, file = "-", ids;
  bool no_special = false, parse_special = false, skip_special = false;
};

core::Result<std::shared_ptr<const core::Tokenizer>> open_tokenizer(Program& program, const std::string& model) {
  const std::string path = KT_TRY(core::find_model(model.empty() ? kBundledModel : model, core::model_folders(program.environment())));
  const core::ModelSource source = KT_TRY(core::open_model(path, core::OpenOptions{.need_weights = false, .need_config = false}));
  return core::load_tokenizer(source);
}

core::Result<int> run_tokenize(Program& program, const TokenizeFlags& flags) {
  const auto tokenizer = KT_TRY(open_tokenizer(program, flags.model));
  const std::string text = KT_TRY(read_text(flags.file));
  const auto ids = tokenizer->encode(text, {.add_special = !flags.no_special, .parse_special = flags.parse_special});
  if (!program.json()) {
    for (const int32_t id : ids) std::printf("%7d  %s\n", id, core::Json(tokenizer->piece(id)).dump(-1, ' ', false, core::Json::error_handler_t::replace).c_str());
    return 0;
  }
  core::Json pieces = core::Json::array();
  for (const int32_t id : ids) pieces.push_back(tokenizer->piece(id));
  print_json({{"ids", ids}, {"pieces", pieces}});
  return 0;
}

core::Result<int> run_detokenize(Program& program, const TokenizeFlags& flags) {
  const auto tokenizer = KT_TRY(open_tokenizer(program, flags.model));
  const auto ids = KT_TRY(parse_ids(flags.ids));
  for (const int32_t id : ids)
    if (id < 0 || id >= tokenizer->vocab_size())
      return core::fail(102, "id " + std::to_string(id) + " lies outside the vocabulary of " + std::to_string(tokenizer->vocab_size()));
  const std::string text = tokenizer->decode(ids, flags.skip_special);
  if (program.json()) print_json({{"text", text}});
  else std::printf("%s\n", text.c_str());
  return 0;
}

}  // namespace

void add_tokenize(Program& program) {
  auto flags = std::make_shared<TokenizeFlags>();
  const auto model_help = "model, or a folder with its tokenizer; default: the bundled model";
  CLI::App* encode = program.add_verb("tokenize", "text to token ids", "  echo -n \"Hello\" | kt tokenize --json\n  kt tokenize model.gguf --no-special < text",
                                      [&program, flags] {
    auto code = run_tokenize(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  encode->add_option("model,-m,--model", flags->model, model_help);
  encode->add_option("-f,--file", flags->file, "the text, - for stdin");
  encode->add_flag("--no-special", flags->no_special, "without begin and end of sequence");
  encode->add_flag("--parse-special", flags->parse_special, "special tokens written in the text become those tokens");
  CLI::App* decode = program.add_verb("detokenize", "token ids to text", "  kt detokenize --ids 1,2,3\n  kt detokenize model.gguf --ids 1,2,3 --skip-special --json",
                                      [&program, flags] {
    auto code = run_detokenize(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  decode->add_option("model,-m,--model", flags->model, model_help);
  decode->add_option("--ids", flags->ids, "token ids: 1,2,3")->required();
  decode->add_flag("--skip-special", flags->skip_special, "leave special tokens out");
}

}  // namespace kt::app
