#include "core/text/gguf_pre_tokenizer.h"

#include <algorithm>

namespace kt::core {
namespace {

constexpr const char* kLlama3[] = {
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+)"
    "|\\s+(?!\\S)|\\s+"};
constexpr const char* kQwen2[] = {
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+)"
    "|\\s+(?!\\S)|\\s+"};
constexpr const char* kQwen35[] = {
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+)"
    "|\\s+(?!\\S)|\\s+"};
constexpr const char* kO200k[] = {R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
                                  "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
                                  R"(?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
                                  "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
                                  R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+)"
                                  "|\\s+(?!\\S)|\\s+"};
constexpr const char* kKimi[] = {
    R"([\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)"
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    R"(?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)"
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+)"
    "|\\s+(?!\\S)|\\s+"};
constexpr const char* kTekken[] = {
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
    R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+)"
    "|\\s+(?!\\S)|\\s+"};
constexpr const char* kDeepseekV3[] = {
    R"(\p{N}{1,3})", R"([\x{4E00}-\x{9FA5}\x{3040}-\x{309F}\x{30A0}-\x{30FF}]+)",
    R"re([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+)re"
    "|\\s+(?!\\S)|\\s+"};
constexpr const char* kDeepseekLlm[] = {R"([\r\n])",
                                        R"(\s?[\p{Lu}\p{Ll}\p{Lt}]+)",
                                        R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)",
                                        R"(\s+$)",
                                        R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)",
                                        R"(\p{N}+)"};
constexpr const char* kDeepseekCoder[] = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)",
                                          R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)", R"(\p{N})"};
constexpr const char* kGpt2[] = {kGpt2Pattern};
constexpr const char* kDigitsThenGpt2[] = {R"(\p{N})", kGpt2Pattern};
constexpr const char* kFalcon[] = {R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2Pattern, R"([0-9][0-9][0-9])"};
constexpr const char* kDefault[] = {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2Pattern, R"(\p{N}+)", R"([0-9][0-9][0-9])"};

struct Named {
  std::string_view name;
  GgufPreTokenizer pre;
};

constexpr GgufPreTokenizer kAsLlama3{.patterns = kLlama3, .ignore_merges = true, .add_bos = true};
constexpr GgufPreTokenizer kAsQwen2{.patterns = kQwen2, .nfc = true};
constexpr GgufPreTokenizer kAsGpt2{kGpt2};
constexpr GgufPreTokenizer kAsCoder{kDigitsThenGpt2};
constexpr GgufPreTokenizer kAsO200k{.patterns = kO200k, .ignore_merges = true};
constexpr GgufPreTokenizer kAsDeepseekV3{kDeepseekV3};
constexpr GgufPreTokenizer kAsGlm{kLlama3};

constexpr Named kNames[] = {
    {"", {kDefault}},
    {"default", {kDefault}},
    {"llama-bpe", kAsLlama3},
    {"llama3", kAsLlama3},
    {"llama-v3", kAsLlama3},
    {"falcon3", kAsLlama3},
    {"falcon-h1", kAsLlama3},
    {"pixtral", kAsLlama3},
    {"lfm2", kAsLlama3},
    {"glm4", kAsGlm},
    {"dbrx", kAsGlm},
    {"smaug-bpe", kAsGlm},
    {"chatglm-bpe", kAsGlm},
    {"qwen2", kAsQwen2},
    {"deepseek-r1-qwen", kAsQwen2},
    {"megrez", kAsQwen2},
    {"stablelm2", {kQwen2}},
    {"hunyuan", {kQwen2}},
    {"qwen35", {.patterns = kQwen35, .nfc = true}},
    {"gpt-4o", kAsO200k},
    {"llama4", kAsO200k},
    {"kimi-k2", {.patterns = kKimi, .ignore_merges = true}},
    {"tekken", {.patterns = kTekken, .ignore_merges = true, .add_bos = true}},
    {"deepseek-v3", kAsDeepseekV3},
    {"deepseek-r1", kAsDeepseekV3},
    {"hunyuan-dense", kAsDeepseekV3},
    {"deepseek-llm", {kDeepseekLlm}},
    {"deepseek-coder", {kDeepseekCoder}},
    {"gpt-2", kAsGpt2},
    {"gpt2", kAsGpt2},
    {"phi-2", kAsGpt2},
    {"mpt", kAsGpt2},
    {"olmo", kAsGpt2},
    {"jais", kAsGpt2},
    {"gigachat", kAsGpt2},
    {"exaone4", kAsGpt2},
    {"starcoder", kAsCoder},
    {"refact", kAsCoder},
    {"command-r", kAsCoder},
    {"smollm", kAsCoder},
    {"codeshell", kAsCoder},
    {"exaone", kAsCoder},
    {"minerva-7b", kAsCoder},
    {"falcon", {kFalcon}},
};

}  // namespace

const GgufPreTokenizer* find_gguf_pre_tokenizer(std::string_view name) {
  const auto found = std::find_if(std::begin(kNames), std::end(kNames), [&](const Named& entry) { return entry.name == name; });
  return found == std::end(kNames) ? nullptr : &found->pre;
}

std::vector<std::string_view> gguf_pre_tokenizer_names() {
  std::vector<std::string_view> out;
  for (const Named& entry : kNames)
    if (!entry.name.empty() && entry.name != "default") out.push_back(entry.name);
  return out;
}

Result<PreTokenizer> make_pre_tokenizer(const GgufPreTokenizer& pre) {
  std::vector<PreTokenizer::Step> steps;
  for (const char* pattern : pre.patterns)
    steps.push_back({.kind = PreTokenizer::Kind::kSplit, .pattern = KT_TRY(TokenPattern::regex(pattern, "tokenizer.ggml.pre"))});
  steps.push_back({.kind = PreTokenizer::Kind::kByteLevel});
  return PreTokenizer(std::move(steps));
}

}  // namespace kt::core
