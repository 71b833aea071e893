#include "core/conformance/check.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "core/conformance/evaluation.h"
#include "core/conformance/operator.h"
#include "core/tensor/shape.h"
#include "kt/format/cache_rows.h"

namespace kt::conformance {
namespace {

using core::OptionValues;

constexpr std::string_view kCache = "cache";  // the option that says how a state keeps its rows; here the case makes the pages

// Whether the operator must take pages of the case's type: block types only if its option offers them.
bool reads_pages_of(const core::OperatorInfo& info, const Case& spec) {
  if (!format::is_cache_block_type(spec.page_dtype)) return true;
  std::string type = core::dtype_name(spec.page_dtype);
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(info.options.begin(), info.options.end(), [&](const core::OptionInfo& option) {
    return option.name == kCache && std::find(option.choices.begin(), option.choices.end(), type) != option.choices.end();
  });
}

// Each option at its default, then one at a time at each of its other choices.
std::vector<OptionValues> option_settings(const core::OperatorInfo& info) {
  OptionValues defaults;
  for (const core::OptionInfo& option : info.options) defaults[option.name] = option.default_value;
  std::vector<OptionValues> out{defaults};
  for (const core::OptionInfo& option : info.options)
    for (const std::string& choice : option.choices) {
      if (choice == option.default_value || option.name == kCache) continue;
      out.push_back(defaults);
      out.back()[option.name] = choice;
    }
  return out;
}

Activations activations_of(const OptionValues& options) {
  const auto it = options.find("activations");
  if (it == options.end() || it->second == "f32") return Activations::kF32;
  return it->second == "bf16" ? Activations::kBf16 : Activations::kInt8;
}

std::string text_of(const OptionValues& options) {
  std::string out;
  for (const auto& [name, value] : options) out += (out.empty() ? "" : " ") + name + "=" + value;
  return out.empty() ? "" : " [" + out + "]";
}

// One operator on one case with one setting of its options.
class CaseCheck {
 public:
  CaseCheck(const core::Registry& registry, const core::OperatorEntry& entry, const BuiltCase& built, const OptionValues& options,
            Report& report)
      : registry_(registry), entry_(entry), built_(built), spec_(*built.spec), options_(options), report_(report) {
    invariant_ = entry.info.numerics.starts_with("invariant");
  }

  core::Status check() {
    op_ = KT_TRY(Operator::make(entry_, *built_.node, options_, weights_of(*built_.node, built_.weights)));
    const Evaluation wanted = KT_TRY(Evaluation::make(registry_, built_, built_.inputs, spec_.segments));
    bounds_ = spec_.bounds(wanted, activations_of(options_));
    const RunSetup plain{1, spec_.gap, 0xFF};
    std::optional<HostState> state = built_.state;
    first_ = KT_TRY(run_on(state, built_.inputs, plain)).outputs;
    compare(wanted, first_, "");
    if (state && !state->same_content(*wanted.state())) add_failure("the state differs from the oracle's after the run");
    same_or_near(wanted, KT_TRY(run_whole(built_.inputs, {1, spec_.gap, 0x00})), true,
                 "with other content of the scratch memory");
    same_or_near(wanted, KT_TRY(run_whole(built_.inputs, {3, spec_.gap, 0x7F})), invariant_, "on 3 threads");
    same_or_near(wanted, KT_TRY(run_whole(built_.inputs, {2, spec_.gap + 3, 0xFF})), invariant_, "with rows further apart");
    if (invariant_ && rows_are_independent())
      for (const int32_t size : {1, 5}) KT_TRY(check_pieces(size));
    if (!spec_.ids_decide) KT_TRY(check_nan());
    return {};
  }

 private:
  void add_failure(const std::string& what) {
    const std::string text = spec_.name + text_of(options_) + ": " + what;
    if (report_.failures.size() < 20) report_.failures.push_back(text);
  }

  // From the case's state, which stays as it was.
  core::Result<RunResult> run_whole(const std::vector<Data>& inputs, const RunSetup& setup) {
    std::optional<HostState> state = built_.state;
    return run_on(state, inputs, setup);
  }
  core::Result<RunResult> run_on(std::optional<HostState>& state, const std::vector<Data>& inputs, const RunSetup& setup) {
    const HostBatch batch(spec_.segments);
    RunResult out = KT_TRY(op_->run(inputs, batch, state ? &*state : nullptr, setup));
    if (!out.damage.empty()) add_failure(out.damage);
    return out;
  }

  // Every element within its bound of the oracle's.
  void compare(const Evaluation& wanted, const std::vector<Data>& got, const std::string& when) {
    for (size_t o = 0; o < got.size(); ++o)
      for (int64_t i = 0; i < got[o].count(); ++i) {
        const double want = wanted.output(o).value(i), have = got[o].value(i), bound = bounds_[o][static_cast<size_t>(i)];
        const double off = std::fabs(have - want);
        if (bound > 0) report_.worst = std::max(report_.worst, off / bound);
        if (off <= bound || have == want) continue;
        char text[200];
        std::snprintf(text, sizeof text, "output %zu, element %lld of %lld is %.9g instead of %.9g (allowed difference %.3g)%s",
                      o, static_cast<long long>(i), static_cast<long long>(got[o].count()), have, want, bound, when.c_str());
        add_failure(text);
        return;
      }
  }

  void same_or_near(const Evaluation& wanted, const RunResult& got, bool same, const std::string& when) {
    if (!same) return compare(wanted, got.outputs, " " + when);
    for (size_t o = 0; o < got.outputs.size(); ++o)
      if (got.outputs[o].bytes != first_[o].bytes) return add_failure("the result is another one " + when);
  }

  bool rows_are_independent() const {
    for (const Input& input : spec_.inputs)
      if (input.kind == InputKind::kOutputs) return false;
    return true;
  }

  // The rows in pieces of at most `size`, one segment at a time: the bits of the whole batch.
  core::Status check_pieces(int32_t size) {
    std::optional<HostState> state = built_.state;
    int64_t row = 0;
    for (size_t s = 0; s < spec_.segments.size(); ++s) {
      const SegmentShape& segment = spec_.segments[s];
      for (int32_t begin = 0; begin < segment.count; begin += size) {
        const int32_t count = std::min(size, segment.count - begin);
        const HostBatch batch({{segment.first_position + begin, count, segment.table_row}});
        std::vector<Data> inputs;
        for (const Data& input : built_.inputs) inputs.push_back(input.rows_of(row, count));
        const RunResult got = KT_TRY(op_->run(inputs, batch, state ? &*state : nullptr, {1 + size % 2, 0, 0x11}));
        for (size_t o = 0; o < got.outputs.size(); ++o)
          if (got.outputs[o].bytes != first_[o].rows_of(row, count).bytes) {
            add_failure("row " + std::to_string(row) + " is another one when rows come " + std::to_string(size) + " at a time");
            return {};
          }
        row += count;
      }
    }
    return {};
  }

  // Where the oracle makes NaN of a NaN, so must the operator; other rows stay as they were.
  core::Status check_nan() {
    for (const bool last : {false, true}) {
      std::vector<Data> inputs = built_.inputs;
      if (inputs[0].dtype != KT_F32 || inputs[0].count() == 0) return {};
      const int64_t row = inputs[0].count() / inputs[0].rows(), victim = inputs[0].rows() / 2;
      inputs[0].floats()[victim * row + (last ? row - 1 : 0)] = std::nanf("");
      const Evaluation wanted = KT_TRY(Evaluation::make(registry_, built_, inputs, spec_.segments));
      const RunResult got = KT_TRY(run_whole(inputs, {1, spec_.gap, 0xFF}));
      for (size_t o = 0; o < got.outputs.size(); ++o)
        for (int64_t i = 0; i < got.outputs[o].count(); ++i) {
          const bool want_nan = std::isnan(wanted.output(o).value(i));
          const float have = got.outputs[o].value(i);
          if (want_nan && !std::isnan(have)) return masked("a NaN of the input gives " + std::to_string(have), o, i);
          const bool changed = have != first_[o].value(i) && !want_nan;
          if (changed && invariant_) return masked("a NaN of another row changes the result", o, i);
        }
    }
    return {};
  }
  core::Status masked(const std::string& what, size_t output, int64_t element) {
    add_failure(what + " at output " + std::to_string(output) + ", element " + std::to_string(element));
    return {};
  }

  const core::Registry& registry_;
  const core::OperatorEntry& entry_;
  const BuiltCase& built_;
  const Case& spec_;
  const OptionValues& options_;
  Report& report_;
  bool invariant_ = false;
  std::unique_ptr<Operator> op_;
  Bounds bounds_;
  std::vector<Data> first_;
};

}  // namespace

Report check_operator(const core::Registry& registry, const core::OperatorEntry& entry, const std::vector<Case>& cases) {
  Report report;
  for (const Case& spec : cases) {
    if (spec.class_name != entry.info.implements) continue;
    if (!reads_pages_of(entry.info, spec)) {
      report.refused.push_back(spec.name + ": its option 'cache' does not offer pages of this type");
      continue;
    }
    auto built = build_case(registry.classes(), spec);
    if (!built.ok()) {
      report.failures.push_back(spec.name + ": the case cannot be built: " + built.error().message);
      continue;
    }
    for (const OptionValues& options : option_settings(entry.info)) {
      const core::SupportAnswer answer = registry.supports(entry.info, *built->node, options);
      if (answer.score == 0) {
        report.refused.push_back(spec.name + text_of(options) + ": " + answer.reason);
        if (answer.reason.empty()) report.failures.push_back(spec.name + text_of(options) + ": refused without a reason");
        continue;
      }
      ++report.cases;
      const core::Status status = CaseCheck(registry, entry, *built, options, report).check();
      if (!status.ok()) report.failures.push_back(spec.name + text_of(options) + ": " + status.error().message);
    }
  }
  return report;
}

}  // namespace kt::conformance
