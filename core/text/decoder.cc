#include "core/text/decoder.h"

#include "core/text/byte_level.h"
#include "core/text/utf8.h"

namespace kt::core {
namespace {

using Kind = DecoderStep::Kind;

class Output : public DecodeSink {
 public:
  explicit Output(std::string* out) : out_(out) {}
  void chunk(std::string_view text) override { out_->append(text); }
  void end_token() override {}
  void finish() override {}

 private:
  std::string* out_;
};

// Passes everything on; the steps change what differs.
class Stage : public DecodeSink {
 public:
  explicit Stage(DecodeSink* next) : next_(next) {}
  void chunk(std::string_view text) override { next_->chunk(text); }
  void end_token() override { next_->end_token(); }
  void finish() override { next_->finish(); }

 protected:
  void token(std::string_view text) {
    next_->chunk(text);
    next_->end_token();
  }
  DecodeSink* next_;
};

class Fuse : public Stage {
 public:
  using Stage::Stage;
  void end_token() override {}
  void finish() override {
    next_->end_token();
    next_->finish();
  }
};

class ByteLevel : public Stage {
 public:
  using Stage::Stage;
  void chunk(std::string_view text) override { token_ += text; }
  void end_token() override {
    append_bytes_of(token_, &bytes_);
    token_.clear();
    flush(false);
  }
  void finish() override {
    flush(true);
    next_->end_token();
    next_->finish();
  }

 private:
  void flush(bool final) {
    std::string text;
    bytes_.erase(0, append_lossy_utf8(bytes_, final, &text));
    next_->chunk(text);
  }
  std::string token_, bytes_;
};

// A run of byte tokens is text if all of it is UTF-8, otherwise every byte is one U+FFFD; so it waits for its end.
class ByteFallback : public Stage {
 public:
  using Stage::Stage;
  void chunk(std::string_view text) override { token_ += text; }
  void end_token() override {
    const int byte = fallback_byte(token_);
    if (byte >= 0) {
      run_.push_back(static_cast<char>(byte));
    } else {
      flush();
      token(token_);
    }
    token_.clear();
  }
  void finish() override {
    flush();
    next_->finish();
  }

 private:
  void flush() {
    if (run_.empty()) return;
    if (is_valid_utf8(run_)) {
      token(run_);
    } else {
      for (size_t i = 0; i < run_.size(); ++i) token("\xEF\xBF\xBD");
    }
    run_.clear();
  }
  std::string token_, run_;
};

class Strip : public Stage {
 public:
  Strip(DecodeSink* next, const DecoderStep& step) : Stage(next), content_(step.content), start_(step.start), stop_(step.stop) {}
  void chunk(std::string_view text) override {
    for (; left_ < start_ && text.starts_with(content_); ++left_) text.remove_prefix(content_.size());
    if (text.empty()) return;
    left_ = start_;
    held_ += text;
    size_t end = held_.size();
    for (size_t i = 0; i < stop_ && std::string_view(held_).substr(0, end).ends_with(content_); ++i) end -= content_.size();
    next_->chunk(std::string_view(held_).substr(0, end));
    held_.erase(0, end);
  }
  void end_token() override {
    left_ = 0;
    held_.clear();
    next_->end_token();
  }

 private:
  std::string content_, held_;
  size_t start_, stop_, left_ = 0;
};

// Replaces a literal in a stream: what could be the beginning of a match waits.
class ReplaceLiteral : public Stage {
 public:
  ReplaceLiteral(DecodeSink* next, const DecoderStep& step)
      : Stage(next), literal_(step.pattern.literal_text()), content_(step.content) {}
  void chunk(std::string_view text) override {
    held_ += text;
    std::string out;
    size_t done = 0;
    for (size_t at = held_.find(literal_); at != std::string::npos; at = held_.find(literal_, done)) {
      out.append(held_, done, at - done).append(content_);
      done = at + literal_.size();
    }
    size_t waiting = std::min(literal_.size() - 1, held_.size() - done);
    while (waiting > 0 && !std::string_view(held_).ends_with(std::string_view(literal_).substr(0, waiting))) --waiting;
    out.append(held_, done, held_.size() - done - waiting);
    held_.erase(0, held_.size() - waiting);
    next_->chunk(out);
  }
  void end_token() override {
    next_->chunk(held_);
    held_.clear();
    next_->end_token();
  }

 private:
  std::string literal_, content_, held_;
};

class ReplacePattern : public Stage {
 public:
  ReplacePattern(DecodeSink* next, const DecoderStep& step) : Stage(next), pattern_(step.pattern), content_(step.content) {}
  void chunk(std::string_view text) override { token_ += text; }
  void end_token() override {
    std::vector<ByteRange> matches;
    pattern_.find(token_, &matches);
    size_t done = 0;
    for (const ByteRange& match : matches) {
      next_->chunk(std::string_view(token_).substr(done, match.begin - done));
      next_->chunk(content_);
      done = match.end;
    }
    token(std::string_view(token_).substr(done));
    token_.clear();
  }

 private:
  TokenPattern pattern_;
  std::string content_, token_;
};

class Metaspace : public Stage {
 public:
  Metaspace(DecodeSink* next, const DecoderStep& step) : Stage(next), content_(step.content), strip_first_(step.strip_first) {}
  void chunk(std::string_view text) override { token_ += text; }
  void end_token() override {
    const std::string_view space = is_first_ && strip_first_ ? "" : " ";
    for (size_t at = token_.find(content_); at != std::string::npos; at = token_.find(content_, at + space.size()))
      token_.replace(at, content_.size(), space);
    token(token_);
    token_.clear();
    is_first_ = false;
  }
  void finish() override {
    is_first_ = true;
    next_->finish();
  }

 private:
  std::string content_, token_;
  bool strip_first_, is_first_ = true;
};

// A space before every token but the first; tokens that begin with `content` lose it instead.
class WordPieces : public Stage {
 public:
  WordPieces(DecodeSink* next, const DecoderStep& step) : Stage(next), content_(step.content) {}
  void chunk(std::string_view text) override { token_ += text; }
  void end_token() override {
    const bool continues = !content_.empty() && token_.starts_with(content_);
    if (!is_first_ && continues) token_.erase(0, content_.size());
    if (!is_first_ && !continues) token_.insert(0, " ");
    token(token_);
    token_.clear();
    is_first_ = false;
  }
  void finish() override {
    is_first_ = true;
    next_->finish();
  }

 private:
  std::string content_, token_;
  bool is_first_ = true;
};

class WordEnds : public Stage {
 public:
  WordEnds(DecodeSink* next, const DecoderStep& step) : Stage(next), content_(step.content) {}
  void chunk(std::string_view text) override { token_ += text; }
  void end_token() override {
    if (has_held_) pass(" ");
    held_ = std::exchange(token_, {});
    has_held_ = true;
  }
  void finish() override {
    if (has_held_) pass("");
    has_held_ = false;
    next_->finish();
  }

 private:
  void pass(std::string_view space) {
    for (size_t at = held_.find(content_); at != std::string::npos; at = held_.find(content_, at + space.size()))
      held_.replace(at, content_.size(), space);
    token(held_);
  }
  std::string content_, token_, held_;
  bool has_held_ = false;
};

std::unique_ptr<DecodeSink> make_sink(const DecoderStep& step, DecodeSink* next) {
  switch (step.kind) {
    case Kind::kByteLevel:
      return std::make_unique<ByteLevel>(next);
    case Kind::kByteFallback:
      return std::make_unique<ByteFallback>(next);
    case Kind::kFuse:
      return std::make_unique<Fuse>(next);
    case Kind::kStrip:
      return std::make_unique<Strip>(next, step);
    case Kind::kReplace:
      if (step.pattern.literal_text().empty()) return std::make_unique<ReplacePattern>(next, step);
      return std::make_unique<ReplaceLiteral>(next, step);
    case Kind::kMetaspace:
      return std::make_unique<Metaspace>(next, step);
    case Kind::kWordPiece:
      return std::make_unique<WordPieces>(next, step);
    case Kind::kWordEnd:
      return std::make_unique<WordEnds>(next, step);
  }
  return nullptr;
}

}  // namespace

DecodeChain::DecodeChain(const std::vector<DecoderStep>& steps) {
  sinks_.push_back(std::make_unique<Output>(&out_));
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) sinks_.push_back(make_sink(*step, sinks_.back().get()));
}

DecodeChain::~DecodeChain() = default;

void DecodeChain::push(std::string_view token) {
  sinks_.back()->chunk(token);
  sinks_.back()->end_token();
}

void DecodeChain::finish() { sinks_.back()->finish(); }

}  // namespace kt::core
