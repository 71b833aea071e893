#include "tests/unit/cpu/operator_run.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

// The team of a call: threads are started anew for every loop, which is slow and simple.
struct KtCallContext {
  int32_t threads;
  std::barrier<>* barrier = nullptr;
};

namespace kt::test {
namespace {

thread_local std::string last_error;

struct HostNode {
  const TestNode& node;
  const std::vector<const Tensor*>& inputs;
  const std::vector<const Tensor*>& outputs;
};

const HostNode& host_node(const KtNode* node) { return *reinterpret_cast<const HostNode*>(node); }

template <class T>
const T* attribute(const KtNode* node, const char* key) {
  const auto& all = host_node(node).node.attributes;
  const auto it = all.find(key);
  return it == all.end() ? nullptr : std::get_if<T>(&it->second);
}

KtWeight describe(const TestWeight& weight) {
  KtWeight out{};
  out.struct_size = sizeof out;
  out.dtype = weight.dtype;
  out.rank = static_cast<int32_t>(weight.shape.size());
  out.name = weight.name.c_str();
  std::copy(weight.shape.begin(), weight.shape.end(), out.shape);
  return out;
}

void run_threads(KtCallContext* context, KtRegionFn function, void* user) {
  std::barrier<> barrier(context->threads);
  context->barrier = &barrier;
  std::vector<std::thread> others;
  for (int32_t t = 1; t < context->threads; ++t) others.emplace_back([=] { function(user, t, context->threads); });
  function(user, 0, context->threads);
  for (std::thread& thread : others) thread.join();
}

void run_loop(KtCallContext* context, int64_t count, int64_t grain, KtRangeFn function, void* user) {
  if (count <= 0) return;
  if (context->threads == 1 || count <= grain) return function(user, 0, count, 0);
  struct Loop {
    std::atomic<int64_t> next{0};
    int64_t count, grain;
    KtRangeFn function;
    void* user;
  } loop{.count = count, .grain = grain, .function = function, .user = user};
  const auto body = [](void* self, int32_t thread, int32_t) {
    Loop& l = *static_cast<Loop*>(self);
    for (int64_t begin; (begin = l.next.fetch_add(l.grain)) < l.count;)
      l.function(l.user, begin, std::min(begin + l.grain, l.count), thread);
  };
  run_threads(context, body, &loop);
}

KtHost make_host() {
  KtHost host{};
  host.struct_size = sizeof host;
  host.abi_major = KT_ABI_MAJOR;
  host.set_error = [](const char* text) { last_error = text; };
  host.node_name = [](const KtNode*) { return "test"; };
  host.node_class = [](const KtNode*) { return "Test"; };
  host.node_input_count = [](const KtNode* n) { return static_cast<uint32_t>(host_node(n).inputs.size()); };
  host.node_output_count = [](const KtNode* n) { return static_cast<uint32_t>(host_node(n).outputs.size()); };
  host.node_input = [](const KtNode* n, uint32_t i, KtTensor* out) { return *out = host_node(n).inputs.at(i)->view(), KT_OK; };
  host.node_output = [](const KtNode* n, uint32_t i, KtTensor* out) { return *out = host_node(n).outputs.at(i)->view(), KT_OK; };
  host.node_weight_count = [](const KtNode* n) { return static_cast<uint32_t>(host_node(n).node.weights.size()); };
  host.node_weight = [](const KtNode* n, uint32_t i, KtWeight* out) {
    return *out = describe(host_node(n).node.weights.at(i)), KT_OK;
  };
  host.node_int = [](const KtNode* n, const char* key, int64_t* out) {
    const auto* value = attribute<int64_t>(n, key);
    return value ? (*out = *value, KT_OK) : KT_INVALID;
  };
  host.node_float = [](const KtNode* n, const char* key, double* out) {
    const auto* value = attribute<double>(n, key);
    return value ? (*out = *value, KT_OK) : KT_INVALID;
  };
  host.node_string = [](const KtNode* n, const char* key, const char** out) {
    const auto* value = attribute<std::string>(n, key);
    return value ? (*out = value->c_str(), KT_OK) : KT_INVALID;
  };
  host.node_floats = [](const KtNode* n, const char* key, const float** out, uint64_t* count) {
    const auto* value = attribute<std::vector<float>>(n, key);
    return value ? (*out = value->data(), *count = value->size(), KT_OK) : KT_INVALID;
  };
  host.option_string = [](const KtOptions* options, const char* key, const char** out) {
    const auto& all = reinterpret_cast<const HostNode*>(options)->node.options;
    const auto it = all.find(key);
    return it == all.end() ? KT_INVALID : (*out = it->second.c_str(), KT_OK);
  };
  host.parallel_for = run_loop;
  host.parallel_region = run_threads;
  host.team_barrier = [](KtCallContext* context) { context->barrier->arrive_and_wait(); };
  host.team_size = [](KtCallContext* context) { return context->threads; };
  return host;
}

// The weights of a node as prepare() gets them.
struct WeightViews {
  explicit WeightViews(const std::vector<TestWeight>& weights) {
    for (const TestWeight& weight : weights) add(weight);
  }
  void add(const TestWeight& weight) {
    auto& tensors = tensors_.emplace_back();
    for (const auto& bytes : weight.tensors) tensors.push_back(view(weight, bytes, weight.tensors.size() > 1));
    auto& pointers = pointers_.emplace_back();
    for (const KtTensor& tensor : tensors) pointers.push_back(&tensor);
    parts_.push_back(std::make_unique<KtWeightPart>(
        KtWeightPart{sizeof(KtWeightPart), static_cast<uint32_t>(pointers.size()), "values", pointers.data()}));
    part_pointers_.push_back(std::make_unique<const KtWeightPart*>(parts_.back().get()));
    weights_.push_back(std::make_unique<KtWeight>(describe(weight)));
    weights_.back()->part_count = 1;
    weights_.back()->parts = part_pointers_.back().get();
    list.push_back(weights_.back().get());
  }
  static KtTensor view(const TestWeight& weight, const std::vector<unsigned char>& bytes, bool without_first) {
    KtTensor out{};
    out.struct_size = sizeof out;
    out.dtype = weight.dtype;
    const size_t skip = without_first ? 1 : 0;
    out.rank = static_cast<int32_t>(weight.shape.size() - skip);
    out.data = const_cast<unsigned char*>(bytes.data());
    int64_t stride = 1;
    for (int32_t d = out.rank; d-- > 0;) {
      out.shape[d] = weight.shape[static_cast<size_t>(d) + skip];
      out.stride[d] = stride;
      stride *= out.shape[d];
    }
    return out;
  }

  std::vector<const KtWeight*> list;

 private:
  std::vector<std::vector<KtTensor>> tensors_;
  std::vector<std::vector<const KtTensor*>> pointers_;
  std::vector<std::unique_ptr<KtWeightPart>> parts_;
  std::vector<std::unique_ptr<const KtWeightPart*>> part_pointers_;
  std::vector<std::unique_ptr<KtWeight>> weights_;
};

std::vector<const KtTensor*> views(const std::vector<const Tensor*>& tensors) {
  std::vector<const KtTensor*> out;
  for (const Tensor* tensor : tensors) out.push_back(&tensor->view());
  return out;
}

// One run on a team; the scratch is as large as asked for and filled with NaN.
KtStatus run_once(const KtHost& host, const KtOperatorDef& def, void* self, const std::vector<const Tensor*>& inputs,
                  const std::vector<const Tensor*>& outputs, int32_t threads, const KtBatch* batch, const KtPagedState* state) {
  const int64_t tokens = batch ? batch->token_count : inputs[0]->view().shape[0];
  const uint64_t size = def.scratch_size ? def.scratch_size(self, tokens, threads) : 0;
  std::unique_ptr<void, decltype(&std::free)> scratch(std::aligned_alloc(64, (size + 127) / 64 * 64), &std::free);
  std::memset(scratch.get(), 0xFF, (size + 127) / 64 * 64);
  KtCallContext context{threads};
  const auto in = views(inputs), out = views(outputs);
  KtCall call{};
  call.struct_size = sizeof call;
  call.input_count = static_cast<uint32_t>(in.size());
  call.inputs = in.data();
  call.output_count = static_cast<uint32_t>(out.size());
  call.outputs = out.data();
  call.batch = batch;
  call.state = state;
  call.scratch = scratch.get();
  call.scratch_size = size;
  call.context = &context;
  const KtStatus status = def.run(self, &host, &call);
  for (uint64_t i = size; i < (size + 127) / 64 * 64; ++i)
    if (static_cast<unsigned char*>(scratch.get())[i] != 0xFF) {
      last_error = "the operator wrote behind its scratch";
      return KT_ERROR;
    }
  return status;
}

}  // namespace

Tensor Tensor::floats(std::vector<int64_t> shape, int64_t gap) {
  Tensor t;
  t.gap_ = gap;
  t.view_.struct_size = sizeof(KtTensor);
  t.view_.dtype = KT_F32;
  t.view_.rank = static_cast<int32_t>(shape.size());
  int64_t stride = 1;
  for (int32_t d = t.view_.rank; d-- > 0;) {
    t.view_.shape[d] = shape[static_cast<size_t>(d)];
    t.view_.stride[d] = stride;
    stride *= shape[static_cast<size_t>(d)];
    if (d == t.view_.rank - 1) stride += gap;
  }
  t.floats_.assign(static_cast<size_t>(std::max<int64_t>(stride, 1)), std::numeric_limits<float>::quiet_NaN());
  t.attach();
  return t;
}

Tensor Tensor::integers(std::vector<int64_t> shape, std::vector<int32_t> values) {
  Tensor t = floats(std::move(shape));
  t.view_.dtype = KT_I32;
  t.integers_.assign(t.floats_.size(), -1);
  std::copy(values.begin(), values.end(), t.integers_.begin());
  t.attach();
  return t;
}

Tensor::Tensor(const Tensor& other) : floats_(other.floats_), integers_(other.integers_), gap_(other.gap_), view_(other.view_) {
  attach();
}

Tensor& Tensor::operator=(const Tensor& other) {
  floats_ = other.floats_;
  integers_ = other.integers_;
  gap_ = other.gap_;
  view_ = other.view_;
  attach();
  return *this;
}

void Tensor::attach() { view_.data = view_.dtype == KT_I32 ? static_cast<void*>(integers_.data()) : floats_.data(); }

int64_t Tensor::rows() const {
  int64_t rows = 1;
  for (int32_t d = 0; d + 1 < view_.rank; ++d) rows *= view_.shape[d];
  return rows;
}

float* Tensor::row(int64_t i) { return floats_.data() + i * (dim() + gap_); }

bool Tensor::gaps_untouched() const {
  for (int64_t r = 0; r < rows(); ++r)
    for (int64_t i = 0; i < gap_; ++i)
      if (!std::isnan(row(r)[dim() + i])) return false;
  return true;
}

TestWeight TestWeight::of_floats(std::string name, std::vector<int64_t> shape, const std::vector<float>& values) {
  TestWeight out{std::move(name), KT_F32, std::move(shape), {}};
  out.tensors.emplace_back(values.size() * sizeof(float));
  std::memcpy(out.tensors[0].data(), values.data(), out.tensors[0].size());
  return out;
}

RunResult run_operator(const KtOperatorDef& def, const TestNode& node, const std::vector<const Tensor*>& inputs,
                       const std::vector<const Tensor*>& outputs, int32_t threads, const KtBatch* batch,
                       const KtPagedState* state) {
  static const KtHost host = make_host();
  const HostNode host_node{node, inputs, outputs};
  const auto* kt_node = reinterpret_cast<const KtNode*>(&host_node);
  const auto* options = reinterpret_cast<const KtOptions*>(&host_node);
  last_error.clear();
  void* self = nullptr;
  KtStatus status = def.create(&host, kt_node, options, &self);
  if (status != KT_OK) return {status, last_error};
  const WeightViews weights(node.weights);
  if (def.prepare) status = def.prepare(self, &host, weights.list.data(), static_cast<uint32_t>(weights.list.size()));
  if (status == KT_OK) status = run_once(host, def, self, inputs, outputs, threads, batch, state);
  def.destroy(self);
  return {status, last_error};
}

}  // namespace kt::test
