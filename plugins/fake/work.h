// Queues the arithmetic of an operator on the stream of its call, with tensors whose memory can be reached there.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kt/plugin.hpp"
#include "plugins/fake/faults.h"
#include "plugins/fake/memory.h"
#include "plugins/fake/stream.h"

namespace kt::fake {

// The tensor with the memory behind its handle.
inline KtTensor mapped(const KtTensor& tensor) {
  if (std::string_view(tensor.device.kind) != "fake") throw Failure("a tensor does not lie on the device");
  KtTensor out = tensor;
  out.data = memory().find(tensor.data, 0, 0);
  if (out.data == nullptr) throw Failure("a tensor has a handle that was never allocated");
  return out;
}

// The tensors of one call, copied: the host may change its own as soon as run() returns.
struct Tensors {
  std::vector<KtTensor> in, out;

  Rows<const float> x(size_t i) const { return Rows<const float>(in[i]); }
  Rows<const int32_t> ids(size_t i) const { return Rows<const int32_t>(in[i]); }
  Rows<float> y() const { return Rows<float>(out[0]); }
};

// compute(const Tensors&) runs on the stream's thread, after everything queued before it.
template <class Compute>
Status queue(Call& call, In in, Out out, Compute compute) {
  if (faults().strikes("refuse")) return error("a fault was asked for");
  Tensors tensors;
  for (uint32_t i = 0; i < in.size(); ++i) tensors.in.push_back(mapped(in[i].raw()));
  for (uint32_t i = 0; i < out.size(); ++i) tensors.out.push_back(mapped(out[i].raw()));
  static_cast<Stream*>(call.stream())->queue([tensors = std::move(tensors), compute = std::move(compute)] {
    if (faults().strikes("lost")) return KT_DEVICE_LOST;
    if (faults().strikes("run")) return KT_ERROR;
    compute(tensors);
    if (faults().strikes("nan")) std::fill_n(tensors.y()[0], tensors.y().dim(), std::numeric_limits<float>::quiet_NaN());
    return KT_OK;
  });
  return {};
}

}  // namespace kt::fake
