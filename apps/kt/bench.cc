// kt bench: how fast models and operators run here, and how near that is to what the machine can do.
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "apps/bench/machine.h"
#include "apps/bench/model_bench.h"
#include "apps/bench/op_bench.h"
#include "apps/kt/profile.h"
#include "apps/kt/session.h"

namespace kt::app {
namespace {

using core::Json;

struct BenchFlags {
  ModelFlags model;
  std::vector<int> prompts, generations, depths, batches, tokens;
  std::string op, geometry = "qwen3-30b-a3b", type = "q4_k", operator_name, activations = "auto", output, format = "table", profile, draft;
  int experts = 0, repetitions = 3;
  bool limits = false;
};

struct CompareFlags {
  std::string before, after;
  double max_regress = 3;
};

Json limits_json(const bench::Limits& limits) {
  return {{"threads", limits.threads},
          {"read_gb_s", limits.read_gb_s},
          {"f32_gflops", limits.f32_gflops},
          {"bf16_gflops", limits.bf16_gflops},
          {"int8_gops", limits.int8_gops}};
}

Json model_row_json(const bench::ModelRow& row, int threads, bool drafts) {
  Json out = {{"test", row.test},
          {"threads", threads},
          {"depth", row.depth},
          {"batch", row.batch},
          {"tok_s", row.tokens_per_second.median()},
          {"spread", row.tokens_per_second.spread()},
          {"samples", row.tokens_per_second.values()},
          {"share_of_limit", row.share_of_limit},
          {"bound_by", row.bound_by}};
  if (drafts) out["drafted"] = row.drafted, out["accepted"] = row.accepted;
  return out;
}

Json op_row_json(const bench::OpRow& row, const std::string& test) {
  return {{"test", test + "@" + std::to_string(row.tokens)},
          {"tokens", row.tokens},
          {"experts", row.experts},
          {"ms", row.milliseconds.median()},
          {"spread", row.milliseconds.spread()},
          {"samples", row.milliseconds.values()},
          {"gflops", row.gflops},
          {"gb_s", row.gb_s},
          {"share_of_limit", row.share_of_limit},
          {"bound_by", row.bound_by}};
}

std::string cell(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  char text[32];
  const double number = value.get<double>();
  std::snprintf(text, sizeof text, number >= 100 ? "%.1f" : number >= 1 ? "%.2f" : "%.3f", number);
  return text;
}

// The rows as a table for people, as Markdown, or as CSV; columns whose values are lists are left out.
std::string rows_text(const Json& rows, const std::string& format) {
  std::string out;
  std::vector<std::string> keys;
  for (const auto& [key, value] : rows[0].items())
    if (!value.is_array()) keys.push_back(key);
  const bool markdown = format == "md", csv = format == "csv";
  const auto line = [&](const std::function<std::string(const std::string&)>& text) {
    for (const std::string& key : keys) {
      const std::string value = text(key);
      if (csv)
        out += (key == keys[0] ? "" : ",") + value;
      else if (markdown)
        out += "| " + value + " ";
      else
        out += (key == keys[0] ? "  " : "") + value + std::string(value.size() < 16 ? 16 - value.size() : 1, ' ');
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += markdown ? " |\n" : "\n";
  };
  line([](const std::string& key) { return key; });
  if (markdown) line([](const std::string&) { return std::string("---"); });
  for (const Json& row : rows) line([&](const std::string& key) { return cell(row[key]); });
  return out;
}

core::Status report(const Program& program, const BenchFlags& flags, const Json& document) {
  const std::string text = flags.format == "json" || program.json() ? document.dump(flags.output.empty() ? -1 : 2) + "\n"
                                                                    : rows_text(document["results"], flags.format);
  if (flags.output.empty() || program.json()) std::printf("%s", text.c_str());
  if (flags.output.empty()) return {};
  std::ofstream file(flags.output, std::ios::trunc);
  file << (flags.format == "table" ? document.dump(2) + "\n" : text);
  file.flush();
  if (!file) return core::fail(1, "cannot write '" + flags.output + "'", "is the folder there, and is the disk full?");
  return {};
}

core::Result<int> bench_op(Program& program, const BenchFlags& flags, core::ThreadTeam& team, const bench::Limits& limits) {
  if (flags.op != "moe") return core::fail(102, "--op '" + flags.op + "' is not known", "known: moe");
  bench::OpBenchOptions options{flags.geometry, flags.type,    flags.operator_name, flags.activations,
                                flags.tokens,   flags.experts, flags.repetitions};
  if (options.tokens.empty()) options.tokens = {1, 8, 32, 128, 512};
  const bench::OpReport result = KT_TRY(bench::bench_experts(program.registry(), team, options, limits));
  program.console().note("  " + result.operator_name + " (" + result.numerics + "), largest error against ref " +
                         cell(result.max_err));
  Json rows = Json::array();
  for (const bench::OpRow& row : result.rows) rows.push_back(op_row_json(row, "moe " + flags.geometry + " " + flags.type));
  KT_TRY(report(program, flags,
                {{"machine", bench::machine_json()},
                 {"limits", limits_json(limits)},
                 {"operator", result.operator_name},
                 {"numerics", result.numerics},
                 {"max_err", result.max_err},
                 {"results", rows}}));
  return 0;
}

core::Result<int> bench_models(Program& program, BenchFlags& flags, int threads, const bench::Limits& limits) {
  bench::ModelBenchOptions options{flags.prompts, flags.generations, flags.depths, flags.batches, flags.repetitions,
                                   KT_TRY(draft_tokens(flags.draft))};
  if (options.prompts.empty() && options.generations.empty()) options.prompts = {512}, options.generations = {64};
  if (options.depths.empty()) options.depths = {0};
  if (options.batches.empty()) options.batches = {1};
  flags.model.threads = threads;
  if (flags.model.context == 0) flags.model.context = bench::context_needed(options);
  Profiling profiling = KT_TRY(Profiling::open(flags.profile));
  auto runtime = KT_TRY(open_runtime(program, flags.model, bench::sequences_needed(options)));
  profiling.attach(*runtime);
  Console& console = program.console();
  const auto rows =
      bench::bench_model(*runtime, options, limits, [&console](const std::string& test) { console.progress(test, 0); });
  console.clear_progress();
  if (!rows.ok()) return rows.error();
  Json results = Json::array();
  for (const bench::ModelRow& row : *rows) results.push_back(model_row_json(row, threads, options.draft_tokens > 0));
  Json document = {{"machine", bench::machine_json()},
                   {"limits", limits_json(limits)},
                   {"model", runtime->workspace().source().name},
                   {"operators", runtime->executable().executed_steps()},
                   {"results", results}};
  if (profiling.on()) document["profile"] = profiling.json();
  KT_TRY(report(program, flags, document));
  KT_TRY(profiling.finish(console));
  return 0;
}

core::Result<int> run_bench(Program& program, BenchFlags& flags) {
  const int threads = flags.model.threads > 0 ? flags.model.threads : core::ThreadTeam::available_processors();
  core::ThreadTeam team(threads);
  const bench::Limits limits = bench::measure_limits(team, 0.4);
  if (flags.limits) {
    const Json document = {
        {"machine", bench::machine_json()}, {"limits", limits_json(limits)}, {"results", Json::array({limits_json(limits)})}};
    KT_TRY(report(program, flags, document));
    return 0;
  }
  char line[160];
  std::snprintf(line, sizeof line, "  limits, %d threads: read %.1f GB/s · f32 %.0f · bf16 %.0f · int8 %.0f Gop/s", threads,
                limits.read_gb_s, limits.f32_gflops, limits.bf16_gflops, limits.int8_gops);
  program.console().note(line);
  return flags.op.empty() ? bench_models(program, flags, threads, limits) : bench_op(program, flags, team, limits);
}

bench::Samples samples_of(const Json& row) {
  bench::Samples out;
  for (const Json& value : row.at("samples")) out.add(value.get<double>());
  return out;
}

bool is_number(const Json& value) { return value.is_number(); }

bool is_result(const Json& row) {
  if (!row.is_object() || !row.contains("test") || !row["test"].is_string()) return false;
  if (!row.contains("samples")) return true;
  const Json& samples = row["samples"];
  return samples.is_array() && !samples.empty() && std::all_of(samples.begin(), samples.end(), is_number);
}

core::Result<Json> read_results(const std::string& path) {
  Json document = KT_TRY(core::parse_json(KT_TRY(read_text(path)), path));
  const bool has_results = document.is_object() && document.contains("results") && document["results"].is_array();
  if (!has_results || !std::all_of(document["results"].begin(), document["results"].end(), is_result))
    return core::fail(102, path + " holds no results of kt bench", "write it with kt bench ... -o FILE");
  return document["results"];
}

// Change in speed, in percent; more is better for tok_s, less for ms.
core::Result<int> run_compare(Program& program, const CompareFlags& flags) {
  const Json before = KT_TRY(read_results(flags.before)), after = KT_TRY(read_results(flags.after));
  Json rows = Json::array();
  bool regressed = false;
  for (const Json& old_row : before)
    for (const Json& new_row : after) {
      if (old_row["test"] != new_row["test"] || !old_row.contains("samples") || !new_row.contains("samples"))
        continue;
      const bench::Samples a = samples_of(old_row), b = samples_of(new_row);
      const bool is_time = old_row.contains("ms");
      const double change = (is_time ? a.median() / b.median() : b.median() / a.median()) * 100 - 100;
      const double p = bench::welch_p(a, b);
      regressed |= p < 0.01 && change < -flags.max_regress;
      rows.push_back({{"test", old_row["test"]},
                      {"before", a.median()},
                      {"after", b.median()},
                      {"change_percent", change},
                      {"p", p},
                      {"verdict", p < 0.01 ? "significant" : "noise"}});
    }
  if (rows.empty()) return core::fail(102, flags.before + " and " + flags.after + " have no test in common");
  if (program.json())
    print_json({{"results", rows}, {"regressed", regressed}});
  else
    std::printf("%s", rows_text(rows, "table").c_str());
  return regressed ? static_cast<int>(core::Exit::kCheck) : 0;
}

void add_compare(Program& program, CLI::App* verb) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* compare = program.add_subverb(verb, "compare", "what changed between two results", [&program, flags] {
    auto code = run_compare(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  compare->add_option("before", flags->before, "a file written with -o")->required();
  compare->add_option("after", flags->after, "another one")->required();
  compare->add_option("--max-regress", flags->max_regress, "percent that a test may lose; more is exit code 9");
}

}  // namespace

void add_bench(Program& program) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* verb = program.add_verb("bench", "measure speed, beside what the machine can do",
                                    "  kt bench model.gguf -p 512,128 -n 64 -t 2 -r 5 -o base.json\n"
                                    "  kt bench --op moe --geometry qwen3-30b-a3b --type q4_k --tokens 1,32",
                                    [&program, flags] {
                                      auto code = run_bench(program, *flags);
                                      return code.ok() ? *code : program.console().report(code.error());
                                    });
  verb->add_option("model,-m,--model", flags->model.model, "GGUF file, HF folder or name; default: the bundled model");
  verb->add_option("-p,--prompt", flags->prompts, "lengths of prompts")->delimiter(',')->check(CLI::Range(1, 1 << 20));
  verb->add_option("-n,--generate", flags->generations, "numbers of generated tokens")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 20));
  verb->add_option("-d,--depth", flags->depths, "tokens in the cache before")->delimiter(',')->check(CLI::Range(0, 1 << 20));
  verb->add_option("-b,--batch", flags->batches, "sequences at once")->delimiter(',')->check(CLI::Range(1, 4096));
  verb->add_option("-t,--threads", flags->model.threads, "threads; default: the processors this process may use")
      ->check(CLI::Range(0, 4096));
  verb->add_option("-r,--repetitions", flags->repetitions, "repetitions of each test")->check(CLI::Range(1, 1000));
  verb->add_option("--rules", flags->model.rules, "rule file (repeatable)");
  verb->add_option("--var", flags->model.vars, "a variable of the rule files")->type_name("NAME=VALUE");
  verb->add_option("--ub,--ubatch-size", flags->model.batch, "rows of a prompt computed at once")->check(CLI::Range(1, 65536));
  verb->add_option("--cache-type,--ctk,--kv-type", flags->model.cache_type, "type of the KV cache")
      ->check(CLI::IsMember({"auto", "f32", "f16", "bf16", "q8_0", "q4_0"}));
  verb->add_option("--op", flags->op, "an operator instead of a model: moe");
  verb->add_option("--geometry", flags->geometry, "of --op: sizes of a real model, see kt synth");
  verb->add_option("--type", flags->type, "of --op: type of the weights");
  verb->add_option("--tokens", flags->tokens, "of --op: rows")->delimiter(',')->check(CLI::Range(1, 1 << 16));
  verb->add_option("--experts", flags->experts, "of --op: experts in memory; default: all, at most 64 of 256 (32 of wide types)");
  verb->add_option("--operator", flags->operator_name, "of --op: its name; default: the best for this machine");
  verb->add_option("--activations", flags->activations, "of --op: auto, f32, bf16, int8")
      ->check(CLI::IsMember({"auto", "f32", "bf16", "int8"}));
  add_draft_flag(verb, flags->draft);
  add_profile_flag(verb, flags->profile);
  verb->add_flag("--limits", flags->limits, "only measure what the machine can do");
  verb->add_option("-o,--output", flags->output, "a file for the results; JSON unless --format says otherwise");
  verb->add_option("--format", flags->format, "table, md, csv or json")->check(CLI::IsMember({"table", "md", "csv", "json"}));
  add_compare(program, verb);
}

}  // namespace kt::app
