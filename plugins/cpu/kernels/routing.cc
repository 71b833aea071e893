#include "plugins/cpu/kernels/routing.h"

#include <algorithm>
#include <limits>

namespace kt::cpu {
namespace {

// NaN, the worst, equals only itself.
bool better(float a, float b) { return a > b || (b != b && a == a); }

float two_best(const float* x, int64_t n) {
  float first = -std::numeric_limits<float>::infinity(), second = first;
  for (int64_t i = 0; i < n; ++i) {
    if (better(x[i], first)) {
      second = first;
      first = x[i];
    } else if (better(x[i], second)) {
      second = x[i];
    }
  }
  return n > 1 ? first + second : first;
}

float best(const float* x, int64_t n) {
  float most = x[0];
  for (int64_t i = 1; i < n; ++i)
    if (better(x[i], most)) most = x[i];
  return most;
}

}  // namespace

void top_k_row(const float* x, int64_t n, int64_t k, int32_t* ids, float* values) {
  int64_t held = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (held == k && !better(x[i], values[k - 1])) continue;
    int64_t at = held < k ? held++ : k - 1;
    for (; at > 0 && better(x[i], values[at - 1]); --at) {
      values[at] = values[at - 1];
      ids[at] = ids[at - 1];
    }
    values[at] = x[i];
    ids[at] = static_cast<int32_t>(i);
  }
}

void group_mask_row(const float* x, int64_t n, int64_t groups, int64_t used, GroupScore score, float* out, float* room,
                    int32_t* order) {
  const int64_t size = n / groups;
  for (int64_t g = 0; g < groups; ++g)
    room[g] = score == GroupScore::kMax ? best(x + g * size, size) : two_best(x + g * size, size);
  top_k_row(room, groups, used, order, room + groups);
  std::sort(order, order + used);
  int64_t next = 0;
  for (int64_t g = 0; g < groups; ++g) {
    const bool kept = next < used && order[next] == g;
    next += kept;
    for (int64_t i = g * size; i < (g + 1) * size; ++i) out[i] = kept ? x[i] : 0.0f;
  }
}

}  // namespace kt::cpu
