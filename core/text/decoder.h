// Joins the texts of tokens, as they come, into readable text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/text/token_pattern.h"

namespace kt::core {

struct DecoderStep {
  enum class Kind {
    kByteLevel,     // letters of the byte-level alphabet back to bytes
    kByteFallback,  // tokens <0x41> to bytes
    kFuse,          // all tokens become one
    kStrip,         // takes up to `start` and `stop` of `content` from the ends of every token
    kReplace,       // `pattern` by `content`
    kMetaspace,     // `content` to spaces, none at the beginning if `strip_first`
    kWordPiece,     // a space before every token but the first and those that begin with `content`
    kWordEnd,       // the ending `content` to a space, none at the end of the text
  };
  Kind kind;
  std::string content = {};
  TokenPattern pattern = {};
  size_t start = 0, stop = 0;
  bool strip_first = false;
};

// Where the texts of tokens go: chunks of one token, and its end.
class DecodeSink {
 public:
  virtual ~DecodeSink() = default;
  virtual void chunk(std::string_view text) = 0;
  virtual void end_token() = 0;
  virtual void finish() = 0;  // the whole text ends; a new one may begin
};

// Runs the steps; what comes out is appended to a string and stays valid UTF-8 after every token.
class DecodeChain {
 public:
  explicit DecodeChain(const std::vector<DecoderStep>& steps);
  DecodeChain(const DecodeChain&) = delete;
  DecodeChain& operator=(const DecodeChain&) = delete;
  ~DecodeChain();

  void push(std::string_view token);
  void finish();
  std::string take() { return std::exchange(out_, {}); }

 private:
  std::string out_;
  std::vector<std::unique_ptr<DecodeSink>> sinks_;  // from the output to the first step
};

// The value of "decoder"; null puts a space between tokens. KT-E0420.
Result<std::vector<DecoderStep>> read_decoder(const Json& value);
// The steps that remove spaces before punctuation and inside contractions, for tokenizers with clean_up_tokenization_spaces.
std::vector<DecoderStep> clean_up_steps();

}  // namespace kt::core
