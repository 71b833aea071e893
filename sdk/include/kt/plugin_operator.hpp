// Makes the C table of an operator from a class; members that a class does not have are left out of the table.
#ifndef KT_PLUGIN_OPERATOR_HPP
#define KT_PLUGIN_OPERATOR_HPP

#include <array>
#include <cstdio>
#include <iterator>
#include <memory>
#include <utility>

#include "kt/abi.h"
#include "kt/plugin_call.hpp"
#include "kt/plugin_node.hpp"
#include "kt/plugin_status.hpp"
#include "kt/plugin_tensor.hpp"

namespace kt {

// The members looked for in Op, all optional but run():
//   static constexpr const char* kDevice = "cpu";        kind of device
//   static constexpr const char* kHelp, * kNumerics;     one line; id of the arithmetic
//   static constexpr kt::Option kOptions[];
//   static Support supports(const Node&[, const Options&]);
//   Status create(const Node&[, const Options&]);
//   Status prepare(const Weights&);
//   uint64_t scratch_size(int64_t tokens, int32_t threads) const;
//   Status run(Call&[, In, Out]);
template <class Op>
class OperatorTable {
 public:
  static constexpr KtOperatorDef def(const char* name, const char* implements) {
    KtOperatorDef out{};
    out.struct_size = sizeof(KtOperatorDef);
    out.name = name;
    out.implements = implements;
    out.device = "cpu";
    out.help = "";
    out.numerics = "";
    if constexpr (requires { Op::kDevice; }) out.device = Op::kDevice;
    if constexpr (requires { Op::kHelp; }) out.help = Op::kHelp;
    if constexpr (requires { Op::kNumerics; }) out.numerics = Op::kNumerics;
    if constexpr (requires { Op::kOptions; }) {
      out.option_count = static_cast<uint32_t>(std::size(Op::kOptions));
      out.options = kOptionPointers.data();
    }
    if constexpr (kHasSupports) out.supports = supports;
    out.create = create;
    if constexpr (requires(Op & op, const Weights& w) { op.prepare(w); }) out.prepare = prepare;
    if constexpr (requires(const Op& op) { op.scratch_size(int64_t{}, int32_t{}); }) out.scratch_size = scratch_size;
    out.run = run;
    out.destroy = destroy;
    return out;
  }

 private:
  static constexpr bool kHasSupports = requires(const Node& n) { Op::supports(n); }
  || requires(const Node& n, const Options& o) { Op::supports(n, o); };

  static constexpr auto option_pointers() {
    if constexpr (requires { Op::kOptions; }) {
      std::array<const KtOptionDef*, std::size(Op::kOptions)> out{};
      for (size_t i = 0; i < out.size(); ++i) out[i] = &Op::kOptions[i];
      return out;
    } else {
      return std::array<const KtOptionDef*, 0>{};
    }
  }
  static constexpr auto kOptionPointers = option_pointers();

  static Support ask(const Node& node, const Options& options) {
    if constexpr (requires { Op::supports(node, options); })
      return Op::supports(node, options);
    else
      return Op::supports(node);
  }

  static KtStatus supports(const KtHost* host, const KtNode* node, const KtOptions* options, KtSupport* out) {
    return guard(*host, [&]() -> Status {
      const Support answer = ask(Node(*host, node), Options(*host, options));
      out->score = answer.score;
      std::snprintf(out->reason, sizeof out->reason, "%s", answer.reason.c_str());
      return {};
    });
  }

  static KtStatus create(const KtHost* host, const KtNode* node, const KtOptions* options, void** self) {
    return guard(*host, [&]() -> Status {
      auto op = std::make_unique<Op>();
      const Node view(*host, node);
      const Options values(*host, options);
      Status status;
      if constexpr (requires { op->create(view, values); })
        status = op->create(view, values);
      else if constexpr (requires { op->create(view); })
        status = op->create(view);
      if (status.ok()) *self = op.release();
      return status;
    });
  }

  static KtStatus prepare(void* self, const KtHost* host, const KtWeight* const* weights, uint32_t count) {
    return guard(*host, [&] { return static_cast<Op*>(self)->prepare(Weights(weights, count)); });
  }

  static uint64_t scratch_size(void* self, int64_t tokens, int32_t threads) {
    return static_cast<const Op*>(self)->scratch_size(tokens, threads);
  }

  static KtStatus run(void* self, const KtHost* host, const KtCall* call) {
    return guard(*host, [&]() -> Status {
      Call view(*host, *call);
      auto& op = *static_cast<Op*>(self);
      if constexpr (requires(In in, Out out) { op.run(view, in, out); })
        return op.run(view, In(call->inputs, call->input_count), Out(call->outputs, call->output_count));
      else
        return op.run(view);
    });
  }

  static void destroy(void* self) { delete static_cast<Op*>(self); }
};

// An operator as a part of KT_PLUGIN.
struct OperatorPart {
  KtOperatorDef def;
};

template <class Op>
constexpr OperatorPart op(const char* name, const char* implements) {
  return {OperatorTable<Op>::def(name, implements)};
}

}  // namespace kt

#endif
