// The operators that multiply weights; plugin.cc lists them.
#pragma once

#include <span>
#include <vector>

#include "plugins/cpu/ops/matrix.h"

namespace kt::cpu {

// Name of the inner tile that this library was built with, as in the option `tile` of cpu.moe.
inline constexpr const char* kTileName = KT_CPU_TILE;

// Rows of an embedding table, converted to float32.
struct Embedding {
  static constexpr const char* kHelp = "rows of a table of any type";
  static constexpr const char* kNumerics = "invariant.f32";
  static kt::Support supports(const kt::Node& node);
  kt::Status prepare(const kt::Weights& weights);
  kt::Status run(kt::Call& call, kt::In in, kt::Out out);

 private:
  Matrix table_;
};

struct Linear {
  static constexpr const char* kHelp = "x times a weight of any type, plus a bias";
  static constexpr const char* kNumerics = "invariant.cpu.linear";
  static constexpr kt::Option kOptions[] = {kActivationsOption};
  static kt::Support supports(const kt::Node& node) { return supports_weights(node, {"weight"}); }
  kt::Status create(const kt::Node& node, const kt::Options& options);
  kt::Status prepare(const kt::Weights& weights);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  kt::Status run(kt::Call& call, kt::In in, kt::Out out);

 private:
  Arithmetic arithmetic_ = Arithmetic::kAuto;
  int64_t rows_per_token_ = 1;
  Matrix weight_;
  std::span<const float> bias_;
};

// A matrix of its own for each head.
struct HeadLinear {
  static constexpr const char* kHelp = "each head's row times the head's own weight, straight or transposed";
  static constexpr const char* kNumerics = "invariant.cpu.head_linear";
  static constexpr kt::Option kOptions[] = {kActivationsOption};
  static kt::Support supports(const kt::Node& node) { return supports_weights(node, {"weight"}); }
  kt::Status create(const kt::Node& node, const kt::Options& options);
  kt::Status prepare(const kt::Weights& weights);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  kt::Status run(kt::Call& call, kt::In in, kt::Out out);

 private:
  kt::Status run_straight(kt::Call& call, kt::In in, kt::Out out);
  kt::Status run_transposed(kt::Call& call, kt::In in, kt::Out out);

  Arithmetic arithmetic_ = Arithmetic::kAuto;
  bool transposed_ = false;
  Matrix weight_;
};

// Rows of activations sorted by expert: row i of the order is pair order[i] = token * k + slot.
struct Grouping {
  struct Group {
    int64_t expert, begin, count;
  };
  std::vector<int32_t> order;
  std::vector<Group> groups;  // experts that have rows, by index

  // Reserves for `pairs`, so that make() does not allocate.
  void reserve(int64_t pairs, int64_t experts);
  // False if an id is outside [0, experts).
  bool make(const int32_t* ids, int64_t stride, int64_t tokens, int64_t k, int64_t experts);

 private:
  std::vector<int64_t> counts_;
};

struct ExpertLinear {
  static constexpr const char* kHelp = "rows times the weights of the experts chosen for them";
  static constexpr const char* kNumerics = "invariant.cpu.expert_linear";
  static constexpr kt::Option kOptions[] = {kActivationsOption};
  static kt::Support supports(const kt::Node& node) { return supports_weights(node, {"weight"}); }
  kt::Status create(const kt::Node& node, const kt::Options& options);
  kt::Status prepare(const kt::Weights& weights);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  kt::Status run(kt::Call& call, kt::In in, kt::Out out);

 private:
  Arithmetic arithmetic_ = Arithmetic::kAuto;
  int64_t k_ = 1;
  bool row_each_ = false;  // x has a row for each slot
  Matrix weight_;
  Grouping grouping_;
};

// Gate, up, silu, down: the body that Mlp and MoeExperts share. Steps of one region, separated by barriers.
class GatedExperts {
 public:
  kt::Status prepare(const kt::Weights& weights, Arithmetic arithmetic);
  uint64_t scratch_size(int64_t tokens, int64_t k, bool routed) const;
  // Without ids every token goes to expert 0 with weight 1.
  kt::Status run(kt::Call& call, kt::In in, kt::Out out, int64_t k);

 private:
  struct Rows;
  kt::Status convert_inputs(kt::Call& call, Rows& rows);
  kt::Status gate_and_up(kt::Call& call, Rows& rows);
  void gate_and_up_panel(Rows& rows, int64_t item, const Panel& gate_rows, const Panel& up_rows) const;
  kt::Status convert_hidden(kt::Call& call, Rows& rows);
  kt::Status down(kt::Call& call, Rows& rows);
  void down_panel(Rows& rows, int64_t item, const Panel& weight) const;
  Panel panel_of(const Matrix& matrix, int64_t item) const;
  kt::Status sum_slots(kt::Call& call, Rows& rows);
  kt::Status run_chunk(kt::Call& call, Rows& rows);
  uint64_t place(Rows& rows, int64_t tokens, unsigned char* base) const;

  Matrix gate_, up_, down_;
  Grouping grouping_;
};

struct Mlp {
  static constexpr const char* kHelp = "gate, up, silu and down of a dense feed-forward layer in one pass";
  static constexpr const char* kNumerics = "invariant.cpu.mlp";
  static constexpr kt::Option kOptions[] = {kActivationsOption};
  static kt::Support supports(const kt::Node& node);
  kt::Status create(const kt::Node& node, const kt::Options& options);
  kt::Status prepare(const kt::Weights& weights) { return experts_.prepare(weights, arithmetic_); }
  uint64_t scratch_size(int64_t tokens, int32_t) const { return experts_.scratch_size(tokens, 1, false); }
  kt::Status run(kt::Call& call, kt::In in, kt::Out out) { return experts_.run(call, in, out, 1); }

 private:
  Arithmetic arithmetic_ = Arithmetic::kAuto;
  GatedExperts experts_;
};

struct Moe {
  static constexpr const char* kHelp = "the routed experts of a layer in one pass, grouped by expert";
  static constexpr const char* kNumerics = "invariant.cpu.moe";
  static constexpr kt::Option kOptions[] = {kActivationsOption,
                                            kt::enum_option("tile", "auto", "auto|amx|avx512|avx2",
                                                            "instruction set of the inner tile; it must be that of the library")};
  static kt::Support supports(const kt::Node& node, const kt::Options& options);
  kt::Status create(const kt::Node& node, const kt::Options& options);
  kt::Status prepare(const kt::Weights& weights) { return experts_.prepare(weights, arithmetic_); }
  uint64_t scratch_size(int64_t tokens, int32_t) const { return experts_.scratch_size(tokens, k_, true); }
  kt::Status run(kt::Call& call, kt::In in, kt::Out out) { return experts_.run(call, in, out, k_); }

 private:
  Arithmetic arithmetic_ = Arithmetic::kAuto;
  int64_t k_ = 1;
  GatedExperts experts_;
};

}  // namespace kt::cpu
