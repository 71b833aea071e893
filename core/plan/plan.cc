#include "core/plan/plan.h"

#include <algorithm>

#include "core/graph/attributes.h"
#include "core/plan/arena.h"
#include "core/tensor/shape.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

bool is_view(const Node& node) {
  return node.class_name == "SplitHeads" || node.class_name == "MergeHeads" || node.class_name == "Slice";
}

constexpr const char* kHost = "cpu";

// A queued copy from the host: it reads `value` until the host has waited for `device`.
struct CopyIn {
  KtValue value;
  int step;
  std::string device;
};

class Planner {
 public:
  Planner(const Graph& graph, const BindingOf& binding_of, KtPhase phase, const ShapeBucket& bucket)
      : graph_(graph), binding_of_(binding_of) {
    plan_.phase = phase;
    plan_.bucket = bucket;
    plan_.values = graph.values;
    plan_.inputs = graph.inputs;
    plan_.storage.resize(graph.values.size());
  }

  Result<Plan> run() {
    for (const auto& [name, value] : graph_.inputs) own(value, kHost);
    for (const auto& node : graph_.root->body) KT_TRY(visit(*node));
    for (const auto& [name, value] : graph_.outputs) plan_.outputs.emplace_back(name, on_device(value, kHost));
    place_values();
    return std::move(plan_);
  }

 private:
  ValuePlan& storage(KtValue value) { return plan_.storage[static_cast<size_t>(value)]; }
  const std::vector<int64_t>& shape(KtValue value) const { return plan_.values[static_cast<size_t>(value)].shape; }

  int64_t rows(int64_t dim) const {
    return dim == KT_DIM_TOKENS ? plan_.bucket.tokens : dim == KT_DIM_OUTPUTS ? plan_.bucket.outputs : dim;
  }

  // The value gets memory of its own, with dense rows.
  void own(KtValue value, const std::string& device) {
    ValuePlan& s = storage(value);
    s.root = value;
    s.device = device;
    s.stride.assign(shape(value).size(), 1);
    int64_t elements = 1;
    for (size_t d = shape(value).size(); d-- > 0;) {
      s.stride[d] = elements;
      elements *= rows(shape(value)[d]);
    }
    s.bytes = static_cast<uint64_t>(*kt::format::row_bytes(plan_.values[static_cast<size_t>(value)].dtype, elements));
  }

  Status visit(const Node& node) {
    if (is_view(node)) return add_view(node);
    const StepBinding* binding = binding_of_(node);
    if (binding) return add_step(node, *binding);
    if (!node.is_module)
      return fail(615, "planning: node '" + node.name + "' of class " + node.class_name + " is bound to no operator");
    for (const auto& child : node.body) KT_TRY(visit(*child));
    return {};
  }

  Status add_step(const Node& node, const StepBinding& binding) {
    Step step{&node, binding, {}, node.outputs, {}, {}};
    for (const KtValue input : node.inputs) step.inputs.push_back(on_device(input, binding.device));
    for (const KtValue output : node.outputs) own(output, binding.device);
    if (binding.device == kHost)
      for (const KtValue input : step.inputs) wait_for(input, step);
    plan_.steps.push_back(std::move(step));
    return {};
  }

  // The value itself, or a copy of it on `device`, made once. Of a view the whole value is copied.
  KtValue on_device(KtValue value, const std::string& device) {
    const ValuePlan from = storage(value);
    if (from.device == device) return value;
    const auto key = std::make_pair(value, device);
    if (const auto it = copies_.find(key); it != copies_.end()) return it->second;
    KtValue copy;
    if (from.root != value) {
      const KtValue root = on_device(from.root, device);
      copy = add_value(value, device);
      storage(copy) = from;
      storage(copy).root = root;
      storage(copy).device = device;
    } else if (from.device != kHost && device != kHost) {
      copy = add_copy(on_device(value, kHost), device);
    } else {
      copy = add_copy(value, device);
    }
    copies_.emplace(key, copy);
    return copy;
  }

  KtValue add_value(KtValue like, const std::string& device) {
    const auto id = static_cast<KtValue>(plan_.values.size());
    Value made = plan_.values[static_cast<size_t>(like)];
    made.name = made.name.substr(0, made.name.find('@')) + "@" + device;
    plan_.values.push_back(std::move(made));
    plan_.storage.emplace_back();
    return id;
  }

  KtValue add_copy(KtValue value, const std::string& device) {
    const KtValue copy = add_value(value, device);
    own(copy, device);
    Step step{nullptr, {"copy", device, {}}, {value}, {copy}, {}, {}};
    const int index = static_cast<int>(plan_.steps.size());
    if (device == kHost) {
      copied_out_.emplace(copy, storage(value).device);
    } else {
      if (const auto it = copied_out_.find(value); it != copied_out_.end() && same_kind(it->second, device))
        step.after = it->second;
      else
        wait_for(value, step);
      copied_in_.push_back({value, index, device});
    }
    plan_.steps.push_back(std::move(step));
    return copy;
  }

  static bool same_kind(const std::string& a, const std::string& b) {
    return a.substr(0, a.find(':')) == b.substr(0, b.find(':'));
  }

  // The host reads `value` in the step that comes next.
  void wait_for(KtValue value, Step& step) {
    const auto it = copied_out_.find(storage(value).root);
    if (it == copied_out_.end()) return;
    const std::string device = it->second;
    step.waits.push_back(device);
    host_waits_[device].push_back(static_cast<int>(plan_.steps.size()));
    std::erase_if(copied_out_, [&](const auto& item) { return item.second == device; });
  }

  // The step before which the host has waited for everything that `device` had queued at `step`.
  int read_until(const std::string& device, int step) const {
    if (const auto it = host_waits_.find(device); it != host_waits_.end())
      for (const int wait : it->second)
        if (wait > step) return wait - 1;
    return static_cast<int>(plan_.steps.size());
  }

  Status add_view(const Node& node) {
    const KtValue from = node.inputs[0], to = node.outputs[0];
    ValuePlan& out = storage(to);
    out = storage(from);
    out.bytes = 0;
    if (node.class_name == "Slice") {
      out.first_element += *int_attribute(node, "begin") * out.stride.back();
      return {};
    }
    if (node.class_name == "SplitHeads") {
      out.stride = {out.stride[0], shape(to)[2], 1};
      return {};
    }
    if (out.stride[1] != shape(from)[2])
      return fail(615, "planning: node '" + node.name + "' merges heads that do not lie side by side",
                  "put a Concat or Add before it");
    out.stride = {out.stride[0], 1};
    return {};
  }

  void place_values() {
    std::map<std::string, std::vector<KtValue>> roots;
    std::vector<Lifetime> life(plan_.values.size());
    for (size_t v = 0; v < plan_.values.size(); ++v) {
      const ValuePlan& s = plan_.storage[v];
      if (s.root != static_cast<KtValue>(v)) continue;
      roots[s.device].push_back(s.root);
      life[v] = {s.bytes, static_cast<int>(plan_.steps.size()), -1, 0};
    }
    const auto touch = [&](KtValue value, int step) {
      Lifetime& l = life[static_cast<size_t>(storage(value).root)];
      l.first_step = std::min(l.first_step, step);
      l.last_step = std::max(l.last_step, step);
    };
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      for (const KtValue value : plan_.steps[i].inputs) touch(value, static_cast<int>(i));
      for (const KtValue value : plan_.steps[i].outputs) touch(value, static_cast<int>(i));
    }
    for (const CopyIn& copy : copied_in_) touch(copy.value, read_until(copy.device, copy.step));
    for (const auto& [name, value] : graph_.inputs) touch(value, 0), touch(value, static_cast<int>(plan_.steps.size()));
    for (const auto& [name, value] : plan_.outputs) touch(value, static_cast<int>(plan_.steps.size()));
    for (auto& [device, values] : roots) {
      std::vector<Lifetime> part;
      for (const KtValue value : values) part.push_back(life[static_cast<size_t>(value)]);
      plan_.arena_bytes[device] = place(part);
      for (size_t i = 0; i < values.size(); ++i) storage(values[i]).offset = part[i].offset;
    }
  }

  const Graph& graph_;
  const BindingOf& binding_of_;
  Plan plan_;
  std::map<std::pair<KtValue, std::string>, KtValue> copies_;
  std::map<KtValue, std::string> copied_out_;  // values on the host whose copy the host has not waited for, and from where
  std::map<std::string, std::vector<int>> host_waits_;  // by device, the steps before which the host waits
  std::vector<CopyIn> copied_in_;
};

}  // namespace

Result<Plan> make_plan(const Graph& graph, const BindingOf& binding_of, KtPhase phase, const ShapeBucket& bucket) {
  return Planner(graph, binding_of, phase, bucket).run();
}

}  // namespace kt::core
