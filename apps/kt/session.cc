#include "apps/kt/session.h"

#include <sys/resource.h>

#include <charconv>
#include <filesystem>
#include <sstream>

#include "apps/kt/check_flags.h"
#include "core/serve/chat.h"

namespace kt::app {

void add_draft_flag(CLI::App* verb, std::string& flag) {
  verb->add_option("--draft", flag, "guess tokens from what followed the last ones before and check up to N at once; the answer stays the same: ngram[:N], N 1 to 7")
      ->type_name("KIND");
}

void add_sampling_flags(CLI::App* verb, SamplingFlags& flags) {
  core::SamplingParams& p = flags.params;
  verb->add_option("-n,--predict,--max-tokens", flags.max_tokens, "tokens to generate at most")->check(CLI::Range(1, 1 << 24));
  verb->add_option("--temp,--temperature", p.temperature, "temperature; 0 takes the most likely token");
  verb->add_option("--top-k", p.top_k, "keep the k most likely tokens; 0: all");
  verb->add_option("--top-p", p.top_p, "keep the most likely tokens that make up this probability; 1: all");
  verb->add_option("--min-p", p.min_p, "drop tokens less likely than this share of the best; 0: none");
  verb->add_option("--typical", p.typical_p, "locally typical sampling; 1: off");
  verb->add_option("--repeat-penalty", p.repeat_penalty, "divides the logits of recent tokens; 1: off");
  verb->add_option("--repeat-last-n", p.repeat_last_n, "tokens that penalties look back; 0: off, -1: all");
  verb->add_option("--frequency-penalty", p.frequency_penalty, "per occurrence");
  verb->add_option("--presence-penalty", p.presence_penalty, "once for a token that occurred");
  verb->add_option("--dry-multiplier", p.dry_multiplier, "strength of the DRY penalty on repeated sequences; 0: off");
  verb->add_option("--dry-base", p.dry_base, "growth of the DRY penalty");
  verb->add_option("--dry-allowed-length", p.dry_allowed_length, "repeats up to this length are free");
  verb->add_option("--dry-penalty-last-n", p.dry_last_n, "tokens that DRY looks back; 0: off, -1: all");
  verb->add_option("-s,--seed", p.seed, "seed of the random numbers; without it every run differs");
  verb->add_option("--logit-bias", flags.logit_bias, "added to the logits of tokens")->type_name("ID:VALUE,...");
  add_draft_flag(verb, flags.draft);
  verb->add_flag("--ignore-eos", flags.ignore_eos, "go on after the end of the answer");
}

namespace {

core::Status parse_logit_bias(const std::string& text, core::SamplingParams& params) {
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    const size_t colon = item.find(':');
    int32_t id = 0;
    float value = 0;
    const char* const end = item.data() + item.size();
    const bool ok = colon != std::string::npos && std::from_chars(item.data(), item.data() + colon, id).ptr == item.data() + colon &&
                    std::from_chars(item.data() + colon + 1, end, value).ptr == end;
    if (!ok) return core::fail(102, "--logit-bias: '" + item + "' is not ID:VALUE", "for example --logit-bias 42:-5,7:1.5");
    params.logit_bias.emplace_back(id, value);
  }
  return {};
}

}  // namespace

core::Result<int32_t> draft_tokens(const std::string& draft) {
  if (draft.empty() || draft == "none") return 0;
  if (draft == "ngram") return core::kMaxDraft;
  int32_t count = 0;
  const char* const end = draft.data() + draft.size();
  if (draft.starts_with("ngram:") && std::from_chars(draft.data() + 6, end, count).ptr == end && count >= 1 && count <= core::kMaxDraft)
    return count;
  return core::fail(102, "--draft '" + draft + "' is neither ngram nor ngram:N with N from 1 to " + std::to_string(core::kMaxDraft),
                    "for example --draft ngram:4; none turns it off");
}

core::Json draft_json(const core::GenerationResult& result) {
  return {{"drafted", result.drafted}, {"accepted", result.accepted}, {"steps", result.steps}};
}

core::Result<core::GenerationOptions> generation_options(const SamplingFlags& flags, const core::Runtime& runtime) {
  core::GenerationOptions out;
  out.sampling = flags.params;
  KT_TRY(parse_logit_bias(flags.logit_bias, out.sampling));
  KT_TRY(out.sampling.validate());
  out.max_tokens = flags.max_tokens;
  out.draft_tokens = KT_TRY(draft_tokens(flags.draft));
  if (out.sampling.dry_multiplier > 0 && runtime.tokenizer()) out.sampling.dry_breakers = core::dry_breakers(*runtime.tokenizer());
  if (!flags.ignore_eos && runtime.tokenizer()) out.stop_tokens = core::stop_tokens(runtime.workspace().source(), *runtime.tokenizer());
  return out;
}

core::Result<core::RuntimeOptions> runtime_options(Program& program, const ModelFlags& flags) {
  core::RuntimeOptions out;
  out.model = flags.model.empty() ? kBundledModel : flags.model;
  out.model_folders = core::model_folders(program.environment());
  out.rules = flags.rules;
  out.rule_folders = core::rule_folders(program.environment());
  for (const std::string& var : flags.vars) {
    const size_t equals = var.find('=');
    if (equals == std::string::npos || equals == 0) return core::fail(102, "--var '" + var + "' is not NAME=VALUE");
    out.vars[var.substr(0, equals)] = var.substr(equals + 1);
  }
  out.strict = flags.strict;
  out.duplicate_weights = flags.duplicate_weights;
  out.need_tokenizer = flags.need_tokenizer;
  out.threads = flags.threads;
  out.context = flags.context;
  out.batch = flags.batch;
  out.cache_type = flags.cache_type;
  return out;
}

core::Result<std::unique_ptr<core::Runtime>> open_runtime(Program& program, const ModelFlags& flags, int sequences) {
  core::RuntimeOptions options = KT_TRY(runtime_options(program, flags));
  options.sequences = sequences;
  Console& console = program.console();
  options.progress = [&console](double fraction) { console.progress("load", fraction); };
  auto runtime = core::Runtime::open(program.registry(), options);
  console.clear_progress();
  if (!runtime.ok()) return runtime;
  attach_checks(program, (*runtime)->executable());
  for (const core::Error& warning : (*runtime)->warnings()) console.warn(core::warning_text(warning));
  return runtime;
}

uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

core::Json memory_json(core::Runtime& runtime) {
  const core::MemoryUse& use = runtime.executable().memory();
  return {{"weights", use.weights}, {"copies", use.copies}, {"on_devices", use.on_devices}, {"kv_cache", runtime.pool().bytes()}, {"work", use.work}, {"peak_rss", peak_rss_bytes()}};
}

std::string answer_summary(const core::GenerationResult& result, size_t prompt_tokens, double first_token) {
  const auto rate = [](double tokens, double time) { return time > 0 ? tokens / time : 0.0; };
  const size_t decoded = result.ids.empty() ? 0 : result.ids.size() - 1;  // the first token comes from the prompt's logits
  char line[256];
  std::snprintf(line, sizeof line, "  prefill %zu tok %.1f tok/s · decode %zu tok %.1f tok/s · first token %.2f s · memory %s", prompt_tokens,
                rate(static_cast<double>(prompt_tokens), result.prompt_seconds), result.ids.size(),
                rate(static_cast<double>(decoded), result.decode_seconds), first_token, bytes_text(static_cast<double>(peak_rss_bytes())).c_str());
  std::string out = line;
  if (result.drafted > 0) out += " · drafted " + std::to_string(result.drafted) + ", accepted " + std::to_string(result.accepted);
  return out;
}

core::Status split_positionals(const Program& program, const std::vector<std::string>& words, std::string& model, std::string& text) {
  if (words.empty()) return {};
  const bool has_model = !model.empty();
  const bool is_model = !has_model && core::find_model(words[0], core::model_folders(program.environment())).ok();
  if (is_model) {
    model = words[0];
    if (words.size() > 1) text = words[1];
    return {};
  }
  const bool looks_like_path = words[0].find('/') != std::string::npos || words[0].ends_with(".gguf");
  const bool is_text = words.size() == 1 && (has_model || words[0].find(' ') != std::string::npos || !looks_like_path);
  if (is_text) {
    text = words[0];
    return {};
  }
  return core::find_model(words[0], core::model_folders(program.environment())).status();
}

}  // namespace kt::app
