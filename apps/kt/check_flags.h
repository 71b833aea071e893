// --check-nan, --plugin-paranoid and --op-timeout: what is looked for in operators while a model runs.
#pragma once

#include "apps/kt/program.h"
#include "core/exec/executable.h"

namespace kt::app {

void add_check_flags(CLI::App* verb);
// As the flags of the verb that was chosen say; nothing for a verb without them. The program ends with 70 when a step takes longer
// than --op-timeout.
void attach_checks(Program& program, core::Executable& executable);

}  // namespace kt::app
