#include "core/rules/operator_choice.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "core/rules/codes.h"
#include "core/rules/reading.h"
#include "core/rules/suggest.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

constexpr size_t kShown = 80;

bool is_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return !text.empty() && end == text.c_str() + text.size();
}

// A number as written, any other value in quotes.
std::string found(const OptionSetting& setting) {
  if (!setting.quoted && is_number(setting.value.text)) return setting.value.text.substr(0, kShown);
  return "'" + setting.value.text.substr(0, kShown) + "'";
}

std::string number_text(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.15g", value);
  return out;
}

bool has_range(const OptionInfo& option) { return option.minimum != 0 || option.maximum != 0; }

bool is_integer(const std::string& text) {
  const size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  return text.size() > sign &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(sign), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Status wrong(const OptionInfo& option, const OptionSetting& setting, const std::string& wanted, std::string hint = {}) {
  return fail_at(setting.value.place, rules::kBadValue,
                 "option '" + option.name + "' must be " + wanted + ", found " + found(setting), std::move(hint));
}

Status check_range(const OptionInfo& option, const OptionSetting& setting, double value) {
  if (!has_range(option) || (value >= option.minimum && value <= option.maximum)) return {};
  return wrong(option, setting, "in " + number_text(option.minimum) + ".." + number_text(option.maximum));
}

Status check_integer(const OptionInfo& option, const OptionSetting& setting) {
  const std::string& text = setting.value.text;
  if (setting.quoted || !is_integer(text)) return wrong(option, setting, "an integer");
  int64_t value = 0;
  const std::string_view digits = std::string_view(text).substr(text[0] == '+');
  const bool fits = std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc();
  if (!fits && !has_range(option)) return wrong(option, setting, "an integer of 64 bits");
  return check_range(option, setting, fits ? static_cast<double>(value) : std::strtod(text.c_str(), nullptr));
}

Status check_enum(const OptionInfo& option, const OptionSetting& setting) {
  const auto& choices = option.choices;
  if (std::find(choices.begin(), choices.end(), setting.value.text) != choices.end()) return {};
  const bool types = !choices.empty() && std::all_of(choices.begin(), choices.end(),
                                                     [](const std::string& c) { return format::dtype_by_name(c) != nullptr; });
  if (types)
    return fail_at(setting.value.place, rules::kUnknownName, "unknown weight type '" + setting.value.text.substr(0, kShown) + "'",
                   weight_type_hint());
  return wrong(option, setting, "one of " + join(choices), did_you_mean(setting.value.text, choices));
}

bool is_true(const std::string& text) { return text == "true" || text == "True" || text == "TRUE"; }
bool is_false(const std::string& text) { return text == "false" || text == "False" || text == "FALSE"; }

}  // namespace

Status check_option(const OptionInfo& option, const OptionSetting& setting) {
  const std::string& text = setting.value.text;
  switch (option.type) {
    case KT_OPTION_INT:
      return check_integer(option, setting);
    case KT_OPTION_FLOAT:
      if (setting.quoted || !is_number(text)) return wrong(option, setting, "a number");
      return check_range(option, setting, std::strtod(text.c_str(), nullptr));
    case KT_OPTION_BOOL:
      if (!setting.quoted && (is_true(text) || is_false(text))) return {};
      return wrong(option, setting, "true or false");
    case KT_OPTION_ENUM:
      return check_enum(option, setting);
    default:
      return {};
  }
}

OptionValues option_values(const OperatorInfo& op, const std::vector<OptionSetting>& settings) {
  OptionValues out;
  for (const OptionInfo& option : op.options) {
    std::string value = option.default_value;
    for (const OptionSetting& setting : settings)
      if (setting.name.text == option.name) value = setting.value.text;
    if (option.type == KT_OPTION_BOOL) value = is_true(value) ? "true" : "false";
    out.emplace(option.name, std::move(value));
  }
  return out;
}

std::string_view wildcard_plugin(std::string_view name) {
  return name.ends_with(".*") ? name.substr(0, name.size() - 2) : std::string_view();
}

OperatorChooser::OperatorChooser(const OperatorTable& table) : table_(table), all_(table.all()) {
  for (const OperatorInfo* op : all_) by_class_.emplace(op->implements, op);
}

bool OperatorChooser::has_plugin(std::string_view plugin) const {
  return std::any_of(all_.begin(), all_.end(), [&](const OperatorInfo* op) { return op->plugin == plugin; });
}

std::vector<std::string> OperatorChooser::implementing(std::string_view class_name) const {
  std::vector<std::string> out;
  const auto [first, last] = by_class_.equal_range(class_name);
  for (auto it = first; it != last; ++it) out.push_back(it->second->name);
  std::sort(out.begin(), out.end());
  return out;
}

// Why an operator cannot serve whatever its options are; "" if nothing speaks against it.
std::string OperatorChooser::refusal(const OperatorInfo& op, const Node& node, const std::string& device) const {
  DeviceName name;
  parse_device(device, name);
  if (op.implements != node.class_name) return "it computes " + op.implements + ", not " + node.class_name;
  if (op.device != name.kind) return "it runs on " + op.device + ", the node is on " + device;
  if (!op.installed) return "its plugin '" + op.plugin + "' is not installed";
  return {};
}

Choice OperatorChooser::best(const Node& node, const std::string& device, const std::vector<OptionSetting>& options,
                             std::string_view plugin) const {
  Choice out;
  int best_score = 0;
  std::vector<std::pair<int, std::string>> scores;
  std::vector<std::string> refusals;
  const auto [first, last] = by_class_.equal_range(node.class_name);
  for (auto it = first; it != last; ++it) {
    const OperatorInfo& op = *it->second;
    if (!plugin.empty() && op.plugin != plugin) continue;
    if (const std::string why = refusal(op, node, device); !why.empty()) {
      refusals.push_back(op.name + ": " + why);
      continue;
    }
    OptionValues values = option_values(op, options);
    const SupportAnswer answer = table_.supports(op, node, values);
    if (answer.score <= 0) {
      refusals.push_back(op.name + ": " + answer.reason);
      continue;
    }
    scores.emplace_back(-answer.score, op.name);
    if (answer.score <= best_score) continue;
    best_score = answer.score;
    out.op = &op;
    out.options = std::move(values);
  }
  std::sort(scores.begin(), scores.end());
  std::vector<std::string> words;
  for (const auto& [score, name] : scores) words.push_back(name + " " + std::to_string(-score));
  out.reason = out.op ? "best of " + join(words) : join(refusals, "; ");
  return out;
}

Choice OperatorChooser::choose(const Replacement& replace, const Node& node, const std::string& device) const {
  Choice out;
  std::vector<std::string> refusals;
  for (const PlacedText& written : replace.operators) {
    if (written.text == "default") {
      out.expand = true;
      break;
    }
    if (const std::string_view plugin = wildcard_plugin(written.text); !plugin.empty()) {
      Choice found = best(node, device, replace.options, plugin);
      if (found.op) return found;
      out.expand = out.expand || node.is_module;
      refusals.push_back(found.reason.empty() ? written.text + ": it has none for " + node.class_name : found.reason);
      continue;
    }
    const OperatorInfo* op = table_.find(written.text);
    if (!op) {
      refusals.push_back(written.text + ": it is not installed");
      continue;
    }
    std::string why = refusal(*op, node, device);
    OptionValues values = option_values(*op, replace.options);
    if (why.empty()) {
      const SupportAnswer answer = table_.supports(*op, node, values);
      if (answer.score > 0) {
        out.op = op;
        out.options = std::move(values);
        out.reason = join(refusals, "; ");
        return out;
      }
      why = answer.reason.empty() ? "it does not support the node" : answer.reason;
    }
    refusals.push_back(op->name + ": " + why);
  }
  out.reason = join(refusals, "; ");
  return out;
}

}  // namespace kt::core
