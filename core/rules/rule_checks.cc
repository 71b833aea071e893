#include "core/rules/rule_checks.h"

#include <algorithm>
#include <cctype>

#include "core/rules/codes.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// "did you mean 'cpu.linear'? known: cpu.linear, cpu.moe, ...": the known names, nearest first.
std::string name_hint(const std::string& word, std::vector<std::string> known) {
  constexpr size_t kShown = 8;
  std::string hint = did_you_mean(word, known);
  std::stable_sort(known.begin(), known.end(),
                   [&](const std::string& a, const std::string& b) { return edit_distance(word, a) < edit_distance(word, b); });
  const bool more = known.size() > kShown;
  if (more) known.resize(kShown);
  if (known.empty()) return "no plugin is loaded; kt plugins ls shows why";
  return hint + (hint.empty() ? "" : " ") + "known: " + join(known) + (more ? ", ..." : "");
}

}  // namespace

void RuleChecks::check_architectures() {
  for (const RuleFile& file : rules_.files) {
    std::vector<std::string> names;
    const PlacedText* first = nullptr;
    bool fits = false;
    for (const PlacedText& name : rules_.architectures) {
      if (name.place.file != file.path) continue;
      if (!first) first = &name;
      names.push_back(name.text);
      fits = fits || same_architecture(name.text, architecture_);
    }
    if (first && !fits)
      report(false, fail_at(first->place, rules::kArchitecture,
                            "this file is for " + join(names) + "; the model is " + std::string(architecture_),
                            "take the file of this model, or add its name to 'arch'"));
  }
}

Error RuleChecks::absent(const PlacedText& device, const std::string& kind) const {
  return fail_at(device.place, rules::kDevice,
                 "device '" + device.text + "' is not present (" + std::to_string(machine_.count(kind)) + " " + upper(kind) +
                     " devices found)",
                 "use 'cpu' or pass --allow-missing-devices");
}

Activation RuleChecks::resolve(const std::optional<PlacedText>& device, bool lenient) {
  Activation out;
  out.active = true;
  DeviceName name;
  if (!device || !parse_device(device->text, name)) return out;
  if (!known_device_kind(name.kind, machine_)) {
    report(false, fail_at(device->place, rules::kDevice, "unknown device '" + device->text + "'", "devices: cpu, cuda:N, disk"));
    return out;
  }
  if (machine_.find(device->text)) {
    out.device = name.text();
    return out;
  }
  out.device_absent = true;
  const bool allowed = lenient || options_.allow_missing_devices;
  const std::pair<std::string, std::string> key = {device->place.file, name.text()};
  if (allowed && std::find(warned_devices_.begin(), warned_devices_.end(), key) != warned_devices_.end()) return out;
  if (allowed) warned_devices_.push_back(key);
  Error problem = absent(*device, name.kind);
  if (allowed) problem.hint = "nodes that rules put there stay on the device of the module around them";
  report(allowed, std::move(problem));
  return out;
}

Activation RuleChecks::check(const Placement& placement) {
  if (placement.when && !placement.when->holds(machine_)) return {};
  Activation out = resolve(placement.device, placement.lenient);
  out.active = out.device.has_value();
  if (!out.active || !placement.experts) return out;
  out.active = false;
  const auto& nodes = matcher_.nodes();
  const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const Node* n) { return matcher_.holds(placement.match, *n); });
  if (node == nodes.end()) return out;
  report(false, fail_at(placement.place, rules::kUnsupported,
                        "experts " + std::to_string(placement.experts->first) + "-" + std::to_string(placement.experts->second) +
                            " of '" + (*node)->name +
                            "' cannot be placed alone: this version of kt keeps the experts of a module on one device",
                        "leave out 'experts' to place the whole module"));
  return out;
}

Activation RuleChecks::check(const Rule& rule, RuleUse& use) {
  if (rule.broken) return {};
  if (rule.match.phase == KT_TRAIN) {
    use.notes.push_back("for training");
    use.skipped = true;
    return {};
  }
  if (rule.when && !rule.when->holds(machine_)) {
    use.notes.push_back("skipped: when " + rule.when->text() + " does not hold");
    use.skipped = true;
    return {};
  }
  Activation out = resolve(rule.replace.device, rule.lenient);
  if (out.device_absent) use.notes.push_back("device '" + rule.replace.device->text + "' is not present");
  if (rule.replace.out_device) (void)resolve(rule.replace.out_device, rule.lenient);
  check_classes(rule);
  check_operators(rule, out);
  if (!rule.lenient) check_options(rule);
  check_hot(rule, use);
  if (!rule.note.empty()) use.notes.push_back(rule.note);
  return out;
}

void RuleChecks::check_classes(const Rule& rule) {
  const auto& classes = rule.match.classes;
  if (rule.lenient || rule.optional || rule.match.python_class || classes.empty()) return;
  if (std::any_of(classes.begin(), classes.end(), [&](const PlacedText& c) { return matcher_.has_class(c.text); })) return;
  if (!rules_.files[static_cast<size_t>(rule.file)].named) return;
  std::string hint = did_you_mean(classes[0].text, matcher_.classes());
  if (hint.empty()) hint = "classes: " + join(matcher_.classes());
  report(options_.allow_unused_rules, fail_at(classes[0].place, rules::kUnknownName,
                                              "no node class '" + classes[0].text + "' in this model", std::move(hint)));
}

void RuleChecks::check_operators(const Rule& rule, const Activation& activation) {
  for (const PlacedText& name : rule.replace.operators) {
    if (name.text == "default") continue;
    const std::string_view plugin = wildcard_plugin(name.text);
    if (plugin.empty() ? chooser_.table().find(name.text) != nullptr : chooser_.has_plugin(plugin)) continue;
    if (!rule.lenient) unknown_operator(rule, name, activation);
  }
}

void RuleChecks::unknown_operator(const Rule& rule, const PlacedText& name, const Activation& activation) {
  const size_t dot = name.text.find('.');
  const std::string plugin = name.text.substr(0, dot);
  std::vector<std::string> known;
  if (!wildcard_plugin(name.text).empty()) {
    for (const OperatorInfo* op : chooser_.all()) known.push_back(op->plugin);
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    report(activation.device_absent,
           fail_at(name.place, rules::kUnknownName, "no plugin '" + plugin + "' is loaded", name_hint(plugin, known)));
    return;
  }
  for (const OperatorInfo* op : chooser_.all()) known.push_back(op->name);
  std::string hint = name_hint(name.text, known);
  const bool unknown_plugin = dot != std::string::npos && !chooser_.has_plugin(plugin);
  if (unknown_plugin && hint.rfind("did you mean", 0) != 0)
    hint = "no plugin '" + plugin + "' is loaded; kt plugins ls shows what is";
  report(activation.device_absent && unknown_plugin,
         fail_at(name.place, rules::kUnknownName, "unknown operator '" + name.text + "'", std::move(hint)));
  (void)rule;
}

std::vector<const OperatorInfo*> RuleChecks::candidates(const Rule& rule) const {
  std::vector<const OperatorInfo*> out;
  for (const PlacedText& name : rule.replace.operators) {
    const std::string_view plugin = wildcard_plugin(name.text);
    if (const OperatorInfo* op = plugin.empty() ? chooser_.table().find(name.text) : nullptr) out.push_back(op);
    for (const OperatorInfo* op : chooser_.all())
      if (!plugin.empty() && op->plugin == plugin) out.push_back(op);
  }
  return out;
}

void RuleChecks::check_options(const Rule& rule) {
  const std::vector<const OperatorInfo*> ops = candidates(rule);
  for (const OptionSetting& setting : rule.replace.options) {
    bool declared = false;
    for (const OperatorInfo* op : ops) {
      const auto option =
          std::find_if(op->options.begin(), op->options.end(), [&](const OptionInfo& o) { return o.name == setting.name.text; });
      if (option == op->options.end()) continue;
      declared = true;
      if (Status status = check_option(*option, setting); !status.ok()) {
        report(false, status.error());
        break;
      }
    }
    if (!declared && !ops.empty()) unknown_option(rule, setting, ops);
    if (rule.replace.operators.size() == 1 && rule.replace.operators[0].text == "default")
      report(false, fail_at(setting.name.place, rules::kUnknownName,
                            "'default' names no operator that could have option '" + setting.name.text + "'",
                            "name an operator, or remove the option"));
  }
}

void RuleChecks::unknown_option(const Rule& rule, const OptionSetting& setting, const std::vector<const OperatorInfo*>& ops) {
  std::vector<std::string> known;
  if (rules_.files[static_cast<size_t>(rule.file)].list_form) known = {"generate_device", "prefill_device", "out_device"};
  for (const OperatorInfo* op : ops)
    for (const OptionInfo& option : op->options)
      if (std::find(known.begin(), known.end(), option.name) == known.end()) known.push_back(option.name);
  const auto& written = rule.replace.operators;
  std::vector<std::string> names;
  for (const PlacedText& name : written) names.push_back(name.text);
  const std::string message = written.size() == 1 ? "operator '" + written[0].text + "' has no option '" + setting.name.text + "'"
                                                  : "none of " + join(names) + " has an option '" + setting.name.text + "'";
  std::string hint = did_you_mean(setting.name.text, known);
  if (hint.empty() && !known.empty()) hint = "options: " + join(known);
  report(false, fail_at(setting.name.place, rules::kUnknownName, message, std::move(hint)));
}

void RuleChecks::check_hot(const Rule& rule, RuleUse& use) {
  if (!rule.hot || !rule.hot->device) return;
  if (!machine_.find(rule.hot->device->text)) {
    use.notes.push_back("hot experts left out: device '" + rule.hot->device->text + "' is not present");
    return;
  }
  report(false, fail_at(rule.hot->place, rules::kUnsupported,
                        "hot experts on '" + rule.hot->device->text + "' are not supported by this version of kt",
                        "remove 'hot'; all experts then stay on the rule's device"));
}

}  // namespace kt::core
