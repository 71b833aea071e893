#include "apps/kt/line_editor.h"

#include <histedit.h>
#include <unistd.h>

#include <clocale>
#include <filesystem>
#include <iostream>
#include <utility>

#include "apps/kt/interrupt.h"

namespace kt::app {

struct LineEditor::Terminal {
  std::string prompt;
  EditLine* line = nullptr;
  History* history = nullptr;
  HistEvent event{};

  static char* prompt_of(EditLine* line) {
    void* self = nullptr;
    el_get(line, EL_CLIENTDATA, &self);
    return static_cast<Terminal*>(self)->prompt.data();
  }

  Terminal() : line(el_init("kt", stdin, stderr, stderr)), history(history_init()) {
    ::history(history, &event, H_SETSIZE, 1000);
    ::history(history, &event, H_SETUNIQUE, 1);
    if (!line) return;
    el_set(line, EL_CLIENTDATA, this);
    el_set(line, EL_PROMPT, prompt_of);
    el_set(line, EL_EDITOR, "emacs");
    el_set(line, EL_HIST, ::history, history);
  }
  ~Terminal() {
    if (line) el_end(line);
    history_end(history);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
};

LineEditor::LineEditor(std::string history_file) : history_file_(std::move(history_file)) {
  if (isatty(STDIN_FILENO) != 1) return;
  std::setlocale(LC_CTYPE, "");  // so that the editor knows the characters of the terminal
  terminal_ = std::make_unique<Terminal>();
  if (!history_file_.empty()) history(terminal_->history, &terminal_->event, H_LOAD, history_file_.c_str());
}

LineEditor::~LineEditor() = default;

void LineEditor::remember(const std::string& line) {
  if (!terminal_ || line.find_first_not_of(" \t\n") == std::string::npos) return;
  history(terminal_->history, &terminal_->event, H_ENTER, line.c_str());
  if (history_file_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(history_file_).parent_path(), error);
  history(terminal_->history, &terminal_->event, H_SAVE, history_file_.c_str());
}

// A line without its line break. Empty after Ctrl-C, with the flag of interrupted() set.
std::optional<std::string> LineEditor::read_line(const std::string& prompt) {
  clear_interrupt();
  if (!terminal_ || !terminal_->line) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  terminal_->prompt = prompt;
  int count = 0;
  const char* text = el_gets(terminal_->line, &count);
  if (interrupted()) {
    el_reset(terminal_->line);
    std::cerr << "\n";
    return "";
  }
  if (!text || count <= 0) return std::nullopt;
  std::string line(text, static_cast<size_t>(count));
  if (line.ends_with('\n')) line.pop_back();
  return line;
}

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  std::optional<std::string> line = read_line(prompt);
  if (!line) return std::nullopt;
  const bool again = std::exchange(gave_up_, interrupted());
  if (interrupted()) return again ? std::nullopt : line;
  std::string text = *line;
  const bool quoted = text == "\"\"\"";
  if (quoted) text.clear();
  bool first = quoted;
  while (quoted || text.ends_with('\\')) {
    if (!quoted) text.back() = '\n';
    line = read_line("... ");
    if (interrupted()) return std::string();
    if (!line || (quoted && *line == "\"\"\"")) break;
    text += (quoted && !first ? "\n" : "") + *line;
    first = false;
  }
  remember(text);
  return text;
}

}  // namespace kt::app
