// The parts of the verb plugins that have files of their own.
#pragma once

#include "apps/kt/program.h"

namespace kt::app {

void add_plugins_check(Program& program, CLI::App* verb);

}  // namespace kt::app
