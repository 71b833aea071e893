// Runs one operator through its C table, with a host that knows one node: what a test sets.
#pragma once

#include <atomic>
#include <barrier>
#include <map>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "kt/plugin.hpp"

namespace kt::test {

// A dense or strided tensor of floats or int32 with memory of its own; gaps between rows are filled with NaN or -1.
class Tensor {
 public:
  Tensor() = default;
  // `gap`: elements between the rows of the last dimension.
  static Tensor floats(std::vector<int64_t> shape, int64_t gap = 0);
  static Tensor integers(std::vector<int64_t> shape, std::vector<int32_t> values = {});

  const KtTensor& view() const { return view_; }
  int64_t rows() const;
  int64_t dim() const { return view_.shape[view_.rank - 1]; }
  float* row(int64_t i);
  const float* row(int64_t i) const { return const_cast<Tensor*>(this)->row(i); }
  int32_t* integer_row(int64_t i) { return integers_.data() + i * dim(); }
  // True if nothing was written between the rows.
  bool gaps_untouched() const;
  template <class F>
  Tensor& fill(F f) {
    for (int64_t r = 0; r < rows(); ++r)
      for (int64_t i = 0; i < dim(); ++i) row(r)[i] = f();
    return *this;
  }
  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);

 private:
  void attach();

  std::vector<float> floats_;
  std::vector<int32_t> integers_;
  int64_t gap_ = 0;
  KtTensor view_{};
};

using Attribute = std::variant<int64_t, double, std::string, std::vector<float>>;

// A weight in any format: `bytes` of one tensor for the whole weight, or of one tensor an index of dimension 0.
struct TestWeight {
  std::string name;
  int32_t dtype = KT_F32;
  std::vector<int64_t> shape;
  std::vector<std::vector<unsigned char>> tensors;

  static TestWeight of_floats(std::string name, std::vector<int64_t> shape, const std::vector<float>& values);
};

struct TestNode {
  std::map<std::string, Attribute> attributes;
  std::map<std::string, std::string> options;
  std::vector<TestWeight> weights;
};

// Creates the operator for the node, prepares and runs it once on a team of `threads`. The status of the first step that fails.
struct RunResult {
  KtStatus status = KT_OK;
  std::string error;
};
RunResult run_operator(const KtOperatorDef& def, const TestNode& node, const std::vector<const Tensor*>& inputs,
                       const std::vector<const Tensor*>& outputs, int32_t threads = 1, const KtBatch* batch = nullptr,
                       const KtPagedState* state = nullptr);

template <class Op>
RunResult run(const TestNode& node, const std::vector<const Tensor*>& inputs, const std::vector<const Tensor*>& outputs,
              int32_t threads = 1, const KtBatch* batch = nullptr, const KtPagedState* state = nullptr) {
  static constexpr KtOperatorDef kDef = OperatorTable<Op>::def("test", "Test");
  return run_operator(kDef, node, inputs, outputs, threads, batch, state);
}

// Numbers that are the same on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  uint32_t bits() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 32);
  }
  float uniform(float low, float high) { return low + (high - low) * static_cast<float>(bits() >> 8) * 0x1p-24f; }
  float operator()() { return uniform(-1.0f, 1.0f); }
  int64_t below(int64_t n) { return static_cast<int64_t>(bits() % static_cast<uint64_t>(n)); }

 private:
  uint64_t state_;
};

}  // namespace kt::test
