// Lines typed by a person, with editing and a history on a terminal; plain lines where stdin is no terminal.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace kt::app {

class LineEditor {
 public:
  // `history_file` may be empty: then nothing is kept.
  explicit LineEditor(std::string history_file);
  ~LineEditor();

  // One message: a line, or several that end in '\' but the last, or all between two lines of """. Empty string: the line was
  // given up with Ctrl-C. Nothing: the end of the input, or Ctrl-C on an empty line.
  std::optional<std::string> read(const std::string& prompt);

 private:
  struct Terminal;
  std::optional<std::string> read_line(const std::string& prompt);
  void remember(const std::string& line);

  std::string history_file_;
  bool gave_up_ = false;                // the last line ended in Ctrl-C
  std::unique_ptr<Terminal> terminal_;  // null: stdin is no terminal
};

}  // namespace kt::app
