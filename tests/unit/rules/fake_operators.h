// A small operator table and a machine for tests of rules.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/graph/classes.h"
#include "core/rules/bind.h"

namespace kt::core::test {

// Operators as a test declares them. supports() says yes with the score given, or no with the reason.
class FakeOperators final : public OperatorTable {
 public:
  FakeOperators& add(const std::string& name, const std::string& implements, int score, const std::string& device = "cpu",
                     std::vector<OptionInfo> options = {}) {
    OperatorInfo info{name, implements, device, name.substr(0, name.find('.')), "", std::move(options), true};
    entries_[name] = {std::move(info), score, ""};
    return *this;
  }
  FakeOperators& set_numerics(const std::string& name, const std::string& numerics) {
    entries_[name].info.numerics = numerics;
    return *this;
  }
  FakeOperators& refuse(const std::string& name, const std::string& reason) {
    entries_[name].score = 0;
    entries_[name].reason = reason;
    return *this;
  }

  const OperatorInfo* find(std::string_view name) const override {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second.info;
  }
  std::vector<const OperatorInfo*> all() const override {
    std::vector<const OperatorInfo*> out;
    for (const auto& [name, entry] : entries_) out.push_back(&entry.info);
    return out;
  }
  SupportAnswer supports(const OperatorInfo& op, const Node&, const OptionValues&) const override {
    const Entry& entry = entries_.at(op.name);
    return {entry.score, entry.reason};
  }

 private:
  struct Entry {
    OperatorInfo info;
    int score = 0;
    std::string reason;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

inline std::vector<OptionInfo> activation_options() {
  return {{"activations", KT_OPTION_ENUM, "auto", "", {"auto", "f32", "bf16", "int8"}, 0, 0}};
}

// ref for every primitive, cpu for every primitive and the fused modules: what an installation without a GPU has.
inline FakeOperators cpu_operators() {
  FakeOperators out;
  for (const std::string& name : ClassTable().names()) {
    if (!ClassTable().find(name)->primitive) continue;
    std::string snake;
    for (const char c : name) {
      const bool capital = c >= 'A' && c <= 'Z';
      if (capital && !snake.empty()) snake += '_';
      snake += capital ? static_cast<char>(c + 32) : c;
    }
    const bool linear = name.ends_with("Linear");
    out.add("ref." + snake, name, 1);
    out.add("cpu." + snake, name, 20, "cpu", linear ? activation_options() : std::vector<OptionInfo>());
  }
  std::vector<OptionInfo> moe = activation_options();
  moe.push_back({"tile", KT_OPTION_ENUM, "auto", "", {"auto", "amx", "avx512", "avx2"}, 0, 0});
  out.add("cpu.moe", "MoeExperts", 20, "cpu", moe);
  out.add("cpu.mlp", "Mlp", 20, "cpu", activation_options());
  out.add("cpu.mla", "MlaCore", 20, "cpu", activation_options());
  out.add("cpu.moe_gate", "MoeGate", 20);
  out.add("cpu.swiglu", "SwiGlu", 20);
  return out;
}

inline Machine cpu_machine() {
  Machine out;
  out.devices.push_back({"cpu", 0, uint64_t{64} << 30, uint64_t{64} << 30});
  out.isa = {"avx2"};
  out.plugins = {"cpu", "ref"};
  return out;
}

}  // namespace kt::core::test
