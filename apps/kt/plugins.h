// The parts of the verb plugins that have files of their own.
#pragma once

#include "apps/kt/program.h"

namespace kt::app {

void add_plugins_check(Program& program, CLI::App* verb);
void add_plugins_new(Program& program, CLI::App* verb);
void add_models(Program& program);  // the verb models, which has `new` only

}  // namespace kt::app
