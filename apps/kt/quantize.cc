// kt quantize: a folder or GGUF file as a GGUF file with smaller weights.
#include "apps/quantize/quantize.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "apps/kt/program.h"
#include "core/exec/thread_team.h"
#include "core/tensor/shape.h"

namespace kt::app {
namespace {

struct QuantizeFlags {
  std::string input, output, type, recipe;
  int threads = 0;
  bool dry_run = false;
};

std::string listed(const std::vector<std::string>& names, size_t most) {
  std::string out;
  for (size_t i = 0; i < std::min(most, names.size()); ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > most ? out + ", ..." : out;
}

// What a user should know about the plan, a sentence each.
void print_notes(const Console& console, const quantize::QuantizePlan& plan) {
  std::map<std::pair<int32_t, int32_t>, std::vector<std::string>> shorter;
  std::vector<std::string> rounded_twice;
  for (const quantize::PlannedTensor& entry : plan.tensors) {
    if (entry.dtype != entry.wanted) shorter[{entry.wanted, entry.dtype}].push_back(entry.tensor->name);
    if (entry.is_requantized) rounded_twice.push_back(entry.tensor->name);
  }
  constexpr size_t kShown = 3;
  for (const auto& [types, names] : shorter)
    console.note("  " + std::to_string(names.size()) + " tensors become " + core::dtype_name(types.second) + " instead of " +
                 core::dtype_name(types.first) + ", as their rows are no whole number of its blocks: " + listed(names, kShown));
  if (!rounded_twice.empty())
    console.note("  " + std::to_string(rounded_twice.size()) + " tensors are rounded a second time: " +
                 listed(rounded_twice, kShown) + "; a file made from the original weights is more exact");
}

// "12.ffn_down" and "13.ffn_down" are lines of one kind of tensor.
void print_table(Console& console, const quantize::QuantizePlan& plan) {
  struct Line {
    int count = 0;
    uint64_t before = 0, after = 0;
  };
  std::map<std::tuple<std::string, std::string, std::string>, Line> lines;
  for (const quantize::PlannedTensor& entry : plan.tensors) {
    const core::TensorPlace place = core::tensor_place(entry.tensor->name);
    Line& line = lines[{(place.layer < 0 ? "" : "blk.*.") + place.stem + (place.is_weight ? "" : ".bias"),
                        core::dtype_name(entry.tensor->source_dtype), core::dtype_name(entry.dtype)}];
    ++line.count;
    line.before += entry.bytes_before;
    line.after += entry.bytes;
  }
  std::string text;
  char row[256];
  const auto add = [&](const std::string& name, const std::string& count, const std::string& types, uint64_t before,
                       uint64_t after) {
    std::snprintf(row, sizeof row, "%-24s %7s  %-16s %12s %12s\n", name.c_str(), count.c_str(), types.c_str(),
                  bytes_text(static_cast<double>(before)).c_str(), bytes_text(static_cast<double>(after)).c_str());
    text += row;
  };
  std::snprintf(row, sizeof row, "%-24s %7s  %-16s %12s %12s\n", "tensor", "count", "type", "before", "after");
  text += row;
  for (const auto& [key, line] : lines)
    add(std::get<0>(key), std::to_string(line.count), std::get<1>(key) + " > " + std::get<2>(key), line.before, line.after);
  const double bits = 8.0 * static_cast<double>(plan.bytes) / static_cast<double>(std::max<uint64_t>(plan.parameters, 1));
  std::snprintf(row, sizeof row, "%.2f bits", bits);
  add("all", std::to_string(plan.tensors.size()), row, plan.bytes_before, plan.bytes);
  console.answer(text);
}

core::Json report(const quantize::QuantizePlan& plan, const QuantizeFlags& flags) {
  core::Json tensors = core::Json::array();
  for (const quantize::PlannedTensor& entry : plan.tensors)
    tensors.push_back({{"name", entry.tensor->name},
                       {"shape", entry.tensor->shape},
                       {"from", core::dtype_name(entry.tensor->source_dtype)},
                       {"type", core::dtype_name(entry.dtype)},
                       {"wanted", core::dtype_name(entry.wanted)},
                       {"bytes", entry.bytes}});
  return {
      {"file", flags.output},
      {"written", !flags.dry_run},
      {"bytes_before", plan.bytes_before},
      {"bytes", plan.bytes},
      {"parameters", plan.parameters},
      {"bits_per_weight", 8.0 * static_cast<double>(plan.bytes) / static_cast<double>(std::max<uint64_t>(plan.parameters, 1))},
      {"tensors", std::move(tensors)}};
}

core::Status check_output(const QuantizeFlags& flags) {
  if (flags.dry_run) return {};
  if (flags.output.empty())
    return core::fail(102, "kt quantize needs the name of the new file", "for example kt quantize MODEL model-q4_k_m.gguf");
  std::error_code error;
  if (std::filesystem::is_directory(flags.output, error))
    return core::fail(102, "'" + flags.output + "' is a folder", "give the name of a file");
  if (std::filesystem::equivalent(flags.input, flags.output, error) && !error)
    return core::fail(102, "'" + flags.output + "' is the model that is read", "write to another file");
  return {};
}

core::Result<std::optional<core::Recipe>> recipe_of(const QuantizeFlags& flags) {
  if (flags.recipe.empty()) return std::optional<core::Recipe>();
  return std::optional(KT_TRY(core::read_recipe(flags.recipe, core::mix_names())));
}

core::Result<int> run_quantize(Program& program, const QuantizeFlags& flags) {
  KT_TRY(check_output(flags));
  const core::TypeMix* mix = flags.type.empty() ? nullptr : KT_TRY(core::find_mix(flags.type));
  const std::optional<core::Recipe> recipe = KT_TRY(recipe_of(flags));
  if (!mix && !recipe) return core::fail(102, "kt quantize needs --type or --recipe", "for example --type q4_k_m");
  if (!mix && recipe->type && recipe->type->text != "keep") mix = KT_TRY(core::find_mix(recipe->type->text));
  const auto workspace =
      KT_TRY(core::Workspace::open(program.registry(), flags.input, core::model_folders(program.environment()), true));
  const quantize::ModelFile file = KT_TRY(quantize::describe_file(*workspace));
  const quantize::QuantizePlan plan = KT_TRY(quantize::plan_types(file, workspace->graph(), mix, recipe ? &*recipe : nullptr));
  Console& console = program.console();
  print_notes(console, plan);
  if (!flags.dry_run) {
    quantize::QuantizeOptions options;
    options.threads = flags.threads > 0 ? flags.threads : core::ThreadTeam::available_processors();
    options.progress = [&console](double fraction) { console.progress("quantize", fraction); };
    const core::Status written = quantize::write_plan(program.registry(), *workspace, file, plan, flags.output, options);
    console.clear_progress();
    KT_TRY(written);
  }
  if (program.json())
    print_json(report(plan, flags));
  else if (flags.dry_run)
    print_table(console, plan);
  else
    console.note("  " + flags.output + ": " + bytes_text(static_cast<double>(plan.bytes)) + ", before " +
                 bytes_text(static_cast<double>(plan.bytes_before)));
  return 0;
}

}  // namespace

void add_quantize(Program& program) {
  auto flags = std::make_shared<QuantizeFlags>();
  CLI::App* verb = program.add_verb("quantize", "write a model as a GGUF file with smaller weights",
                                    "  kt quantize DeepSeek-V2-Lite/ v2-lite-q4_k_m.gguf --type q4_k_m\n"
                                    "  kt quantize model.gguf --type q5_k_m --dry-run\n"
                                    "  kt quantize Qwen3-30B-A3B/ mixed.gguf --recipe experts-q4.yaml --type q8_0",
                                    [&program, flags] {
                                      auto code = run_quantize(program, *flags);
                                      return code.ok() ? *code : program.console().report(code.error());
                                    });
  verb->add_option("input", flags->input, "GGUF file, HF folder or name of the model")->required();
  verb->add_option("output", flags->output, "the new file; not needed with --dry-run");
  verb->add_option("--type", flags->type, "the weights' types: " + listed(core::mix_names(), 100));
  verb->add_option("--recipe", flags->recipe, "types by node, as rules; --type is for those that no rule matches")
      ->type_name("FILE");
  verb->add_flag("--dry-run", flags->dry_run, "print what would become of each tensor, and the sizes");
  verb->add_option("-t,--threads", flags->threads, "threads; default: the processors this process may use")
      ->check(CLI::Range(0, 4096));
}

}  // namespace kt::app
