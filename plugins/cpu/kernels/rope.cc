#include "plugins/cpu/kernels/rope.h"

#include <cmath>
#include <cstring>

#include "plugins/cpu/kernels/vector.h"

namespace kt::cpu {
namespace {

constexpr double kTwoOverPi = 0.6366197723675814;
constexpr double kHalfPi = 1.5707963267948966, kHalfPiRest = 6.123233995736766e-17;

// cos and sin of any finite angle: reduced in double, so that what is left of it is right to the last bit of a float; the
// polynomials are minimax fits on [-pi/4, pi/4].
void cos_sin(float angle, float* cosine, float* sine) {
  const double turns = std::nearbyint(static_cast<double>(angle) * kTwoOverPi);
  const double rest = std::fma(-turns, kHalfPiRest, std::fma(-turns, kHalfPi, static_cast<double>(angle)));
  const float r = static_cast<float>(rest), z = r * r;
  float s = std::fma(2.71827457e-06f, z, -0.000198393303f);
  s = std::fma(s, z, 0.00833332911f);
  s = std::fma(s, z, -0.166666672f);
  s = std::fma(s * z, r, r);
  float c = std::fma(-2.72098958e-07f, z, 2.47995158e-05f);
  c = std::fma(c, z, -0.00138888834f);
  c = std::fma(c, z, 0.0416666679f);
  c = std::fma(c * z, z, std::fma(-0.5f, z, 1.0f));
  const double folded = turns - 4.0 * std::floor(turns * 0.25);  // quarter turn 0..3
  const bool swap = folded == 1.0 || folded == 3.0;
  const float cos_value = swap ? s : c, sin_value = swap ? c : s;
  *cosine = folded == 1.0 || folded == 2.0 ? -cos_value : cos_value;
  *sine = folded >= 2.0 ? -sin_value : sin_value;
}

}  // namespace

void rope_angles(int32_t position, const float* inv_freq, int64_t n, float scale, float* cosine, float* sine) {
  const float at = static_cast<float>(position);
  for (int64_t i = 0; i < n; ++i) {
    float c, s;
    cos_sin(at * inv_freq[i], &c, &s);
    cosine[i] = c * scale;
    sine[i] = s * scale;
  }
}

void rope_row(const float* x, const float* cosine, const float* sine, int64_t n, bool interleaved, int64_t dim, float* out) {
  if (interleaved) {
    for (int64_t i = 0; i < n; ++i) {
      const float a = x[2 * i], b = x[2 * i + 1];
      out[2 * i] = a * cosine[i] - b * sine[i];
      out[2 * i + 1] = b * cosine[i] + a * sine[i];
    }
  } else {
    for_each_vector(n, [&](int64_t i, int64_t count) {
      const Vec a = vec_load_upto(x + i, count), b = vec_load_upto(x + n + i, count);
      const Vec c = vec_load_upto(cosine + i, count), s = vec_load_upto(sine + i, count);
      vec_store_upto(out + i, vec_fnma(b, s, a * c), count);
      vec_store_upto(out + n + i, vec_fma(a, s, b * c), count);
    });
  }
  if (out != x && dim > 2 * n) std::memcpy(out + 2 * n, x + 2 * n, static_cast<size_t>(dim - 2 * n) * sizeof(float));
}

}  // namespace kt::cpu
