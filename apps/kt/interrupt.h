// Signals: Ctrl-C as a flag where work can be stopped, the documented exit codes everywhere else.
#pragma once

namespace kt::app {

// From here on SIGINT ends the program with 130 and SIGTERM with 143, and writing to a closed pipe is an error, not a signal.
void install_signals();
// From here on the first SIGINT only sets a flag; a second one before clear_interrupt() ends the program.
void catch_interrupt();
bool interrupted();
void clear_interrupt();

}  // namespace kt::app
