// A chat template: the Jinja language as transformers runs it, in a sandbox.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/text/text_part.h"

namespace kt::core::jinja {

struct Program;  // the parsed template

struct RenderOptions {
  int64_t steps = 1'000'000;         // evaluated nodes, loop rounds, elements made, and KiB of text made
  int64_t output_bytes = 1 << 20;    // of the rendered text
  int64_t text_bytes = 256ll << 20;  // of all strings made on the way
  int depth = 64;                    // calls inside calls (macros, recursive loops)
  std::string now;                   // "2024-07-26 12:34:56" for strftime_now; empty: the clock
};

// A variable of the template. Strings inside a variable that `is_input` are the user's: they stay marked through every operation.
struct Variable {
  std::string name;
  Json value;
  bool is_input = false;
};

class Template {
 public:
  // `name` stands for the template in errors. KT-E0412 with line, column and the line itself; unknown filters and tests too.
  static Result<Template> parse(std::string_view source, const std::string& name = "template");

  // The rendered text in parts; no two neighbours have the same is_input, and none is empty. Neither reads nor changes anything
  // but its arguments (and the clock). KT-E0413: rendering failed (the template's own raise_exception too), KT-E0414: a limit.
  Result<std::vector<TextPart>> render(const std::vector<Variable>& variables, const RenderOptions& options = {}) const;

 private:
  explicit Template(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;
};

}  // namespace kt::core::jinja
