// From chat messages to prompt tokens, through the model's template; text of users can never become a special token.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/io/model_source.h"
#include "core/text/tokenizer.h"

namespace kt::core {

// The tokenizer of a model, from tokenizer.json or from GGUF metadata.
Result<std::shared_ptr<const Tokenizer>> load_tokenizer(const ModelSource& source);

struct ChatInput {
  Json messages = Json::array();
  Json tools;  // null: none
  bool add_generation_prompt = true;
  Json extra = Json::object();                  // further variables of the template
  std::string now;                              // fixed time for strftime_now, "" for the clock
  std::string template_name = "chat template";  // in errors
};

// The prompt as text. KT-E0411 if the model has no template.
Result<std::string> render_chat(const std::string& chat_template, const Tokenizer* tokenizer, const ChatInput& input);
// The prompt as tokens.
Result<std::vector<int32_t>> encode_chat(const std::string& chat_template, const Tokenizer& tokenizer, const ChatInput& input);

// Tokens that end an answer: the tokenizer's end of sequence, and those of generation_config.json or config.json.
std::vector<int32_t> stop_tokens(const ModelSource& source, const Tokenizer& tokenizer);

}  // namespace kt::core
