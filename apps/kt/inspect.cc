// kt inspect: what is in a model's files, and the graph they make.
#include <cstdio>
#include <fstream>

#include "apps/kt/inspect_graph.h"
#include "apps/kt/session.h"
#include "core/estimate/assumed_types.h"
#include "core/graph/text.h"
#include "core/serve/chat.h"
#include "core/serve/workspace.h"
#include "core/tensor/shape.h"
#include "kt/format/dequantize.h"

namespace kt::app {
namespace {

struct InspectFlags {
  ModelFlags model;
  std::string tensor, output, html;
  bool all = false, graph = false, tensors = false, tokenizer = false, binding = false, plan = false;

  bool need_graph() const { return !tensors && !tokenizer; }
};

core::Json tensor_json(const core::TensorEntry& t) {
  return {{"name", t.name}, {"type", core::dtype_name(t.dtype)}, {"shape", t.shape}, {"bytes", t.bytes}, {"file", t.file_index}};
}

core::Result<int> write_tensor(const core::WeightStore& store, const std::string& name, const std::string& path) {
  const core::TensorEntry* tensor = store.find(name);
  if (!tensor) return core::fail(102, "the model has no tensor '" + name + "'", "kt inspect MODEL --tensors lists them");
  KT_TRY(store.check(*tensor));
  const auto convert = format::dequantizer(tensor->dtype);
  if (!convert) return core::fail(407, "type " + core::dtype_name(tensor->dtype) + " of '" + name + "' cannot be read as float");
  const int64_t columns = tensor->shape.empty() ? 1 : tensor->shape.back();
  const auto elements = static_cast<int64_t>(*core::element_count(tensor->shape));
  const int64_t row_bytes = *format::row_bytes(tensor->dtype, columns);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  std::vector<float> row(static_cast<size_t>(columns));
  for (int64_t r = 0; columns > 0 && r < elements / columns; ++r) {
    convert(tensor->data + r * row_bytes, row.data(), columns);
    out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
  }
  out.flush();
  if (!out) return core::fail(1, "cannot write '" + path + "'", "is the folder there, and is the disk full?");
  return 0;
}

core::Json source_json(const core::ModelSource& source, const core::Workspace* workspace) {
  core::Json out = {{"name", source.name},
                    {"path", source.path},
                    {"format", source.kind == core::ModelSource::Kind::kGguf ? "gguf" : "hf"},
                    {"architecture", source.config.architecture()}};
  if (source.weights) {
    std::map<std::string, size_t> types;
    for (const core::TensorEntry& t : source.weights->tensors()) ++types[core::dtype_name(t.dtype)];
    out["tensors"] = source.weights->tensors().size();
    out["bytes"] = source.weights->total_bytes();
    out["types"] = types;
  }
  if (workspace) {
    out["family"] = workspace->family();
    out["nodes"] = workspace->graph().nodes().size();
  }
  out["chat_template"] = !source.chat_template.empty();
  return out;
}

core::Json tokenizer_json(const core::Tokenizer& tokenizer) {
  return {{"vocab_size", tokenizer.vocab_size()}, {"bos", tokenizer.bos()}, {"eos", tokenizer.eos()}};
}

void print_tensors(const core::WeightStore& store) {
  for (const core::TensorEntry& t : store.tensors())
    std::printf("%-64s %-8s %-24s %s\n", t.name.c_str(), core::dtype_name(t.dtype).c_str(), core::shape_text(t.shape).c_str(),
                bytes_text(static_cast<double>(t.bytes)).c_str());
}

// The graph bound as `kt run` would bind it, from headers alone.
core::Result<core::BoundGraph> bind_rules(Program& program, const InspectFlags& flags, const core::Workspace& workspace) {
  const core::RuntimeOptions options = KT_TRY(runtime_options(program, flags.model));
  return core::bind_rules(program.registry(), workspace.graph(), options);
}

core::Result<std::string> plan_text(const core::Workspace& workspace, const core::BoundGraph& bound, const InspectFlags& flags) {
  std::string out;
  for (const KtPhase phase : {KT_PREFILL, KT_DECODE}) {
    const core::ShapeBucket bucket =
        phase == KT_PREFILL ? core::ShapeBucket{flags.model.batch, 1} : core::ShapeBucket{core::kDecodeRows, 1};
    const auto binding = [&](const core::Node& node) { return bound.find(node, phase); };
    out += core::print_plan(KT_TRY(core::make_plan(workspace.graph(), binding, phase, bucket)));
  }
  return out;
}

core::Result<std::string> graph_text(Program& program, const InspectFlags& flags, const core::Workspace& workspace) {
  if (flags.graph) return flags.all ? core::print_graph(workspace.graph()) : folded_text(workspace.graph());
  const core::BoundGraph bound = KT_TRY(bind_rules(program, flags, workspace));
  if (flags.binding) return core::print_binding(workspace.graph(), bound);
  return plan_text(workspace, bound, flags);
}

core::Result<int> write_page(Program& program, const InspectFlags& flags, const core::Workspace& workspace) {
  const core::BoundGraph bound = KT_TRY(bind_rules(program, flags, workspace));
  std::ofstream out(flags.html, std::ios::binary | std::ios::trunc);
  out << graph_page(workspace, bound);
  out.flush();
  if (!out) return core::fail(1, "cannot write '" + flags.html + "'", "is the folder there, and is the disk full?");
  program.console().note("  " + flags.html + ": open it in a browser");
  return 0;
}

core::Result<int> run_inspect(Program& program, const InspectFlags& flags) {
  const std::string path = KT_TRY(core::find_model(flags.model.model.empty() ? kBundledModel : flags.model.model,
                                                   core::model_folders(program.environment())));
  const core::ModelSource source = KT_TRY(core::open_model(path, core::OpenOptions{.need_weights = false}));
  if ((flags.tensors || !flags.tensor.empty()) && !source.weights) return core::fail(402, "'" + path + "' holds no weights");
  if (!flags.tensor.empty()) {
    if (flags.output.empty()) return core::fail(102, "--tensor needs --f32 FILE, where its values go");
    return write_tensor(*source.weights, flags.tensor, flags.output);
  }
  std::unique_ptr<core::Workspace> workspace;
  if (flags.need_graph()) workspace = KT_TRY(core::Workspace::open(program.registry(), path, {}, false));
  if (workspace && !source.weights) KT_TRY(workspace->assume_types(core::type_in_config(source.config)));
  if (!flags.html.empty() && workspace) return write_page(program, flags, *workspace);
  core::Json out = source_json(source, workspace.get());
  const char* const part = flags.graph ? "graph" : flags.binding ? "binding" : flags.plan ? "plan" : nullptr;
  std::string text;
  if (part && workspace) out[part] = text = KT_TRY(graph_text(program, flags, *workspace));
  if (flags.graph && !flags.all && workspace) out["graph"] = folded_json(workspace->graph());
  if (flags.tensors) {
    out["tensor_list"] = core::Json::array();
    for (const core::TensorEntry& t : source.weights->tensors()) out["tensor_list"].push_back(tensor_json(t));
  }
  if (flags.tokenizer) out["tokenizer"] = tokenizer_json(*KT_TRY(core::load_tokenizer(source)));
  if (program.json()) {
    print_json(out);
  } else if (!text.empty()) {
    program.console().answer(text);
  } else if (flags.tensors) {
    print_tensors(*source.weights);
  } else {
    for (const auto& [key, value] : out.items())
      std::printf("%-14s %s\n", key.c_str(), value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
  }
  return 0;
}

}  // namespace

void add_inspect(Program& program) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* verb = program.add_verb("inspect", "what is in a model's files",
                                    "  kt inspect model.gguf --tensors\n  kt inspect model/ --graph\n  kt inspect model/ --html "
                                    "model.html\n  kt inspect model.gguf "
                                    "--tensor output.weight --f32 out.bin",
                                    [&program, flags] {
                                      auto code = run_inspect(program, *flags);
                                      return code.ok() ? *code : program.console().report(code.error());
                                    });
  verb->add_option("model,-m,--model", flags->model.model, "GGUF file, HF folder or name; default: the bundled model");
  verb->add_flag("--graph", flags->graph, "the graph: modules with counts, those that are alike in one line");
  verb->add_flag("--all", flags->all, "with --graph: every node, with shapes and attributes");
  verb->add_option("--html", flags->html, "write one page with every node, its operator, device, rule, size and shapes")
      ->type_name("FILE");
  verb->add_flag("--tensors", flags->tensors, "the tensors of the files");
  verb->add_flag("--tokenizer", flags->tokenizer, "the vocabulary");
  verb->add_flag("--binding", flags->binding, "which operator computes each node, and why");
  verb->add_flag("--plan", flags->plan, "the steps of both phases in order, and the memory they work in");
  verb->add_option("-r,--rules", flags->model.rules, "rule file for --binding, --plan and --html (repeatable); default: auto")
      ->type_name("FILE");
  verb->add_option("--var", flags->model.vars, "a variable of the rule files")->type_name("NAME=VALUE");
  verb->add_option("--tensor", flags->tensor, "one tensor, with --f32");
  verb->add_option("--f32", flags->output, "file for its values as little-endian float32");
}

}  // namespace kt::app
