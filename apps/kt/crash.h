// What the program says when it crashes or a plugin ends it: plugin, operator, node and its own version.
#pragma once

namespace kt::app {

// From here on SIGSEGV, SIGILL, SIGFPE, SIGABRT and SIGBUS print a sentence and then do what they do by default, and a plugin
// that calls exit() ends the program with 6. A model file that is cut while it is mapped ends the program with 4. For the main
// thread, once.
void install_crash_handlers();

}  // namespace kt::app
