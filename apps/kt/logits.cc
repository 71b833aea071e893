// kt logits: the logits of chosen positions of a prompt.
#include <cstdio>

#include "apps/kt/check_flags.h"
#include "apps/kt/session.h"
#include "core/serve/scoring.h"

namespace kt::app {
namespace {

struct LogitsFlags {
  ModelFlags model;
  std::string ids, positions = "-1";
};

core::Result<std::vector<int32_t>> absolute_positions(const std::string& text, size_t count) {
  std::vector<int32_t> out = KT_TRY(parse_ids(text));
  for (int32_t& position : out) {
    const int64_t at = position < 0 ? position + static_cast<int64_t>(count) : position;
    if (at < 0 || at >= static_cast<int64_t>(count))
      return core::fail(102, "position " + std::to_string(position) + " lies outside the " + std::to_string(count) + " ids");
    position = static_cast<int32_t>(at);
  }
  return out;
}

// One JSON document; floats with nine digits, which read back to the same bits.
void print_rows(const std::vector<int32_t>& positions, const std::vector<std::vector<float>>& rows) {
  std::printf("{\"positions\":%s,\"logits\":[", core::Json(positions).dump().c_str());
  for (size_t r = 0; r < rows.size(); ++r) {
    std::printf(r == 0 ? "[" : ",[");
    for (size_t i = 0; i < rows[r].size(); ++i) std::printf(i == 0 ? "%.9g" : ",%.9g", static_cast<double>(rows[r][i]));
    std::printf("]");
  }
  std::printf("]}\n");
}

core::Result<int> run_logits(Program& program, LogitsFlags& flags) {
  const std::vector<int32_t> ids = KT_TRY(parse_ids(flags.ids));
  if (ids.empty()) return core::fail(102, "--ids is empty", "for example --ids 1,2,3");
  const std::vector<int32_t> positions = KT_TRY(absolute_positions(flags.positions, ids.size()));
  if (flags.model.context == 0) flags.model.context = static_cast<int>(ids.size());
  flags.model.need_tokenizer = false;
  auto runtime = KT_TRY(open_runtime(program, flags.model));
  std::vector<std::vector<float>> rows(positions.size());
  KT_TRY(core::for_each_logits(*runtime, ids, [&](size_t position, std::span<const float> logits) {
    for (size_t i = 0; i < positions.size(); ++i)
      if (positions[i] == static_cast<int32_t>(position)) rows[i].assign(logits.begin(), logits.end());
  }));
  if (program.json()) {
    print_rows(positions, rows);
    return 0;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    size_t best = 0;
    for (size_t t = 1; t < rows[i].size(); ++t)
      if (rows[i][t] > rows[i][best]) best = t;
    std::printf("position %d  best token %zu  logit %.6g\n", positions[i], best, static_cast<double>(rows[i][best]));
  }
  return 0;
}

}  // namespace

void add_logits(Program& program) {
  auto flags = std::make_shared<LogitsFlags>();
  CLI::App* verb = program.add_verb("logits", "the logits of a prompt's positions",
                                    "  kt logits model.gguf --ids 1,2,3 --positions 0,-1 --json\n  kt logits --ids 5,6 --rules rules/base/ref.yaml --json",
                                    [&program, flags] {
    auto code = run_logits(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  verb->add_option("model,-m,--model", flags->model.model, "GGUF file, HF folder or name; default: the bundled model");
  verb->add_option("--ids", flags->ids, "token ids: 1,2,3")->required();
  verb->add_option("--positions", flags->positions, "positions whose logits are wanted; negative ones count from the end");
  program.add_model_flags(verb, flags->model);
  add_check_flags(verb);
}

}  // namespace kt::app
