// Ctrl-C as a flag: the first one asks for an end, a second one ends the program.
#pragma once

namespace kt::app {

void catch_interrupt();
bool interrupted();
void clear_interrupt();

}  // namespace kt::app
