#include "core/rules/when.h"

#include <cmath>
#include <cstdlib>
#include <vector>

#include "core/rules/codes.h"

namespace kt::core {

struct Condition::Term {
  enum class Kind { kDevice, kIsa, kPlugin, kFree, kNot, kAnd, kOr };
  Kind kind;
  std::string argument;    // device, instruction set or plugin
  std::string comparison;  // kFree: ">=", ">", "<=", "<"
  double bytes = 0;
  std::vector<std::shared_ptr<const Term>> parts;
};

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' ||
         c == '-';
}

// "24", "GiB" -> bytes; negative: not a size.
double size_in_bytes(double number, std::string_view unit) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1.0},     {"B", 1.0},    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}, {"K", 0x1p10},
      {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40},   {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12}};
  for (const auto& [name, factor] : kUnits)
    if (name == unit) return number * factor;
  return -1;
}

}  // namespace

// Recursive descent: or < and < not < term.
class ConditionParser {
 public:
  using Term = Condition::Term;
  using Parsed = Result<std::shared_ptr<const Term>>;

  explicit ConditionParser(std::string_view text) : text_(text) {}

  Parsed parse() {
    auto root = KT_TRY(either());
    skip_space();
    if (at_ < text_.size()) return problem("unexpected '" + std::string(text_.substr(at_, 12)) + "'");
    return root;
  }

 private:
  Parsed either() { return chain("or", Term::Kind::kOr, &ConditionParser::both); }
  Parsed both() { return chain("and", Term::Kind::kAnd, &ConditionParser::negated); }

  Parsed chain(std::string_view word, Term::Kind kind, Parsed (ConditionParser::*inner)()) {
    auto first = KT_TRY((this->*inner)());
    auto term = std::make_shared<Term>();
    term->kind = kind;
    term->parts.push_back(first);
    while (take_word(word)) term->parts.push_back(KT_TRY((this->*inner)()));
    if (term->parts.size() == 1) return first;
    return std::shared_ptr<const Term>(term);
  }

  Parsed negated() {
    if (++depth_ > 32) return problem("more than 32 nested terms");
    Parsed out = take_word("not") ? negate() : take('(') ? group() : call();
    --depth_;
    return out;
  }

  Parsed negate() {
    auto inner = KT_TRY(negated());
    auto term = std::make_shared<Term>();
    term->kind = Term::Kind::kNot;
    term->parts.push_back(inner);
    return std::shared_ptr<const Term>(term);
  }

  Parsed group() {
    auto inner = KT_TRY(either());
    if (!take(')')) return problem("expected ')'");
    return inner;
  }

  Parsed call() {
    static constexpr std::pair<std::string_view, Term::Kind> kCalls[] = {
        {"device", Term::Kind::kDevice}, {"isa", Term::Kind::kIsa}, {"plugin", Term::Kind::kPlugin}, {"free", Term::Kind::kFree}};
    for (const auto& [word, kind] : kCalls) {
      if (!take_word(word)) continue;
      auto term = std::make_shared<Term>();
      term->kind = kind;
      term->argument = KT_TRY(argument());
      if (kind == Term::Kind::kFree) KT_TRY(limit(*term));
      return std::shared_ptr<const Term>(term);
    }
    return problem("expected device(x), isa(x), plugin(x), free(x) >= SIZE, 'not' or '('");
  }

  Result<std::string> argument() {
    if (!take('(')) return problem("expected '('");
    skip_space();
    const char quote = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'') ? text_[at_] : '\0';
    if (quote) ++at_;
    const size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    std::string out(text_.substr(begin, at_ - begin));
    if (out.empty()) return problem("expected a name");
    if (quote && !take_now(quote)) return problem("the name has no closing quote");
    if (!take(')')) return problem("expected ')'");
    return out;
  }

  Status limit(Term& term) {
    skip_space();
    for (std::string_view comparison : {">=", "<=", ">", "<"}) {
      if (text_.substr(at_, comparison.size()) != comparison) continue;
      at_ += comparison.size();
      term.comparison = comparison;
      return size(term);
    }
    return problem("free(x) must be compared: free(x) >= 24 GiB");
  }

  Status size(Term& term) {
    skip_space();
    const std::string rest(text_.substr(at_));
    char* end = nullptr;
    const double number = std::strtod(rest.c_str(), &end);
    if (end == rest.c_str() || !std::isfinite(number) || number < 0) return problem("expected a size such as 24 GiB");
    at_ += static_cast<size_t>(end - rest.c_str());
    skip_space();
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= 'A' && text_[at_] <= 'z') ++at_;
    if (const std::string_view unit = text_.substr(begin, at_ - begin); unit == "and" || unit == "or") at_ = begin;
    term.bytes = size_in_bytes(number, text_.substr(begin, at_ - begin));
    return term.bytes < 0 ? Status(problem("unknown unit '" + std::string(text_.substr(begin, at_ - begin)) + "'")) : Status();
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool take_now(char c) { return at_ < text_.size() && text_[at_] == c ? (++at_, true) : false; }
  bool take(char c) {
    skip_space();
    return take_now(c);
  }
  bool take_word(std::string_view word) {
    skip_space();
    if (text_.substr(at_, word.size()) != word) return false;
    if (at_ + word.size() < text_.size() && is_word(text_[at_ + word.size()])) return false;
    at_ += word.size();
    return true;
  }
  Error problem(const std::string& what) const {
    return fail(rules::kBadValue, "invalid condition: " + what + " at offset " + std::to_string(at_),
                "terms: device(cuda:0), isa(avx2), plugin(cuda), free(cuda:0) >= 24 GiB; joined by and, or, not, ( )");
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

Result<Condition> Condition::parse(std::string_view text) {
  Condition out;
  out.text_ = std::string(text);
  out.root_ = KT_TRY(ConditionParser(text).parse());
  return out;
}

bool Condition::holds(const Machine& machine) const { return evaluate(*root_, machine); }

bool Condition::evaluate(const Term& term, const Machine& machine) {
  const auto compare = [&](double free) {
    if (term.comparison == ">=") return free >= term.bytes;
    if (term.comparison == ">") return free > term.bytes;
    return term.comparison == "<=" ? free <= term.bytes : free < term.bytes;
  };
  switch (term.kind) {
    case Term::Kind::kDevice:
      return machine.find(term.argument) != nullptr;
    case Term::Kind::kIsa:
      return machine.isa.count(term.argument) > 0;
    case Term::Kind::kPlugin:
      return machine.plugins.count(term.argument) > 0;
    case Term::Kind::kFree: {
      const MachineDevice* device = machine.find(term.argument);
      return device && compare(static_cast<double>(device->free_bytes));
    }
    case Term::Kind::kNot:
      return !evaluate(*term.parts[0], machine);
    case Term::Kind::kAnd:
      for (const auto& part : term.parts)
        if (!evaluate(*part, machine)) return false;
      return true;
    case Term::Kind::kOr:
      for (const auto& part : term.parts)
        if (evaluate(*part, machine)) return true;
      return false;
  }
  return false;
}

}  // namespace kt::core
