// A model ready to answer: workspace, bound rules, loaded operators, KV pool and tokenizer. It owns; everything else borrows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/estimate/memory_plan.h"
#include "core/exec/executable.h"
#include "core/exec/kv_pool.h"
#include "core/rules/bind.h"
#include "core/serve/workspace.h"
#include "core/text/tokenizer.h"

namespace kt::core {

struct RuntimeOptions {
  std::string model;
  std::vector<std::string> model_folders;
  std::vector<std::string> rules;  // files; empty or "auto": made from machine and model
  std::vector<std::string> rule_folders;
  std::map<std::string, std::string> vars;
  bool strict = false;
  int threads = 0;      // 0: the processors this process may use
  int32_t context = 0;  // tokens of a sequence; 0: the model's, at most 8192
  int32_t batch = 512;  // rows of a prefill chunk
  int32_t sequences = 1;
  std::string cache_type = "auto";  // f32, f16, bf16, q8_0, q4_0; auto: f32 where activations are f32, else f16
  bool duplicate_weights = false;   // see LoadOptions
  bool need_tokenizer = true;
  bool check_memory = true;  // KT-E0501 before loading what would not fit
  std::function<void(double)> progress;
};

// The operators of a graph as the options' rules say.
// Without rules the installed file with the model's name is taken (rules/kt-tiny.yaml), else rules are made for this machine; "auto"
// always means the latter.
Result<BoundGraph> bind_rules(const Registry& registry, const Graph& graph, const RuntimeOptions& options);
// The same for a machine that need not be this one.
Result<BoundGraph> bind_rules(const Registry& registry, const Graph& graph, const RuntimeOptions& options, const Machine& machine);

// What the model will need of every device when it is opened so.
Result<MemoryPlan> plan_memory(const Workspace& workspace, const BoundGraph& bound, const Registry& registry, const RunSizes& sizes);

class Runtime {
 public:
  static Result<std::unique_ptr<Runtime>> open(const Registry& registry, const RuntimeOptions& options);

  const Workspace& workspace() const { return *workspace_; }
  const Tokenizer* tokenizer() const { return tokenizer_.get(); }
  Executable& executable() { return *executable_; }
  KvPool& pool() { return *pool_; }
  int32_t context() const { return context_; }
  const BoundGraph& bound() const { return bound_; }
  const std::vector<Error>& warnings() const { return warnings_; }
  double load_seconds() const { return load_seconds_; }

 private:
  Runtime() = default;
  RunSizes sizes(const RuntimeOptions& options) const;
  Status load(const Registry& registry, const RuntimeOptions& options);

  std::unique_ptr<Workspace> workspace_;
  BoundGraph bound_;
  std::vector<Error> warnings_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<Executable> executable_;
  std::unique_ptr<KvPool> pool_;
  int32_t context_ = 0;
  double load_seconds_ = 0;
};

}  // namespace kt::core
