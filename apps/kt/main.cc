// kt: one program, one file per verb. Installed a second time as kt-run, it is `kt run`.
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "apps/kt/crash.h"
#include "apps/kt/interrupt.h"
#include "apps/kt/memory_reserve.h"
#include "apps/kt/program.h"

namespace {

// The command line with "run" put into that of kt-run, and "--profile FILE.json" as "--profile=FILE.json": the parser knows no flag
// whose value may be left out.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> out(argv, argv + argc);
  if (argc > 0 && out[0].substr(out[0].rfind('/') + 1) == "kt-run") out.insert(out.begin() + 1, "run");
  for (size_t i = 0; i + 1 < out.size() && out[i] != "--"; ++i) {
    if (out[i] != "--profile" || !out[i + 1].ends_with(".json")) continue;
    out[i] += "=" + out[i + 1];
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  return out;
}

int run_program(int argc, char** argv) {
  std::vector<std::string> words = words_of(argc, argv);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  kt::app::Program program;
  kt::app::add_run(program);
  kt::app::add_chat(program);
  kt::app::add_logits(program);
  kt::app::add_tokenize(program);
  kt::app::add_template(program);
  kt::app::add_inspect(program);
  kt::app::add_plan(program);
  kt::app::add_rules(program);
  kt::app::add_plugins(program);
  kt::app::add_perplexity(program);
  kt::app::add_quantize(program);
  kt::app::add_synth(program);
  kt::app::add_bench(program);
  kt::app::add_config(program);
  kt::app::add_doctor(program);
  kt::app::add_completion(program);
  kt::app::add_help(program);
  return program.parse_and_run(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

int main(int argc, char** argv) {
  const kt::app::Console console;
  try {
    kt::app::reserve_memory();
    kt::app::install_signals();
    kt::app::install_crash_handlers();
    return run_program(argc, argv);
  } catch (const std::bad_alloc&) {
    return console.report(kt::core::fail(501, "out of memory", "use a smaller --ctx-size or --batch-size"));
  } catch (const std::exception& error) {
    return console.report(kt::core::fail(1, error.what()));
  }
}
