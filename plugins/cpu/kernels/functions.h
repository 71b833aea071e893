// Elementary functions on vectors. Errors are in units in the last place of the exact result, over all floats, and are tested
// over a dense sample; infinities, NaN and subnormal results come out as IEEE arithmetic would have them.
// The polynomials are minimax fits made for this file; the exponent's reduction is that of Cody and Waite.
#pragma once

#include "plugins/cpu/kernels/vector.h"

namespace kt::cpu {

// e^x; at most 1.1 ulp.
inline Vec vec_exp(Vec x) {
  // Beyond these the result is infinite or zero whatever the reduction does. A NaN must stay the second operand of min and max.
  const Vec clamped = vec_max(vec_set(-110.0f), vec_min(vec_set(110.0f), x));
  const Vec n = vec_round(clamped * vec_set(1.44269502f));
  Vec r = vec_fnma(n, vec_set(0.693359375f), clamped);
  r = vec_fnma(n, vec_set(-0.000212194442f), r);
  Vec p = vec_set(0.00138146279f);
  p = vec_fma(p, r, vec_set(0.00836871658f));
  p = vec_fma(p, r, vec_set(0.041668389f));
  p = vec_fma(p, r, vec_set(0.166665211f));
  p = vec_fma(p, r, vec_set(0.49999994f));
  p = vec_fma(p, r * r, r) + vec_set(1.0f);
  return vec_scale_exp2(p, n);
}

// 1 / (1 + e^-x); at most 3 ulp.
inline Vec vec_sigmoid(Vec x) {
  const Vec e = vec_exp(vec_zero() - vec_abs(x));  // in [0, 1]: no overflow on either side
  const Vec denominator = vec_set(1.0f) + e;
  return vec_if_less(x, vec_zero(), e, vec_set(1.0f)) / denominator;
}

// x * sigmoid(x); at most 4 ulp above x = -87; below it, where the sigmoid is subnormal, at most 2|x| steps of the least
// subnormal.
inline Vec vec_silu(Vec x) { return x * vec_sigmoid(x); }

// At most 2 ulp.
inline Vec vec_tanh(Vec x) {
  const Vec a = vec_abs(x), z = x * x;
  Vec t = vec_set(-0.00571704702f);
  t = vec_fma(t, z, vec_set(0.0206505898f));
  t = vec_fma(t, z, vec_set(-0.0537435003f));
  t = vec_fma(t, z, vec_set(0.133314908f));
  t = vec_fma(t, z, vec_set(-0.333332837f));
  const Vec near_zero = vec_fma(t * z, a, a);
  const Vec e = vec_exp(a + a);
  const Vec far = vec_set(1.0f) - vec_set(2.0f) / (e + vec_set(1.0f));
  return vec_flip_sign(vec_if_less(a, vec_set(0.625f), near_zero, far), x);
}

// x * (1 + erf(x / sqrt 2)) / 2. The normal distribution's tail is e^(-x^2 / 2) times a function of |x| that is smooth in
// u = (|x| - 4) / (|x| + 4). At most 8 ulp; results are 0 below x = -15.
inline Vec vec_gelu(Vec x) {
  const Vec a = vec_min(vec_set(15.0f), vec_abs(x));
  const Vec sum = a + vec_set(4.0f);
  const Vec u = (a - vec_set(4.0f)) / sum;
  Vec g = vec_set(-0.000134188391f);
  g = vec_fma(g, u, vec_set(0.000174675806f));
  g = vec_fma(g, u, vec_set(0.00156841299f));
  g = vec_fma(g, u, vec_set(-0.00351022021f));
  g = vec_fma(g, u, vec_set(-0.00752400933f));
  g = vec_fma(g, u, vec_set(0.0604034923f));
  g = vec_fma(g, u, vec_set(-0.186523661f));
  g = vec_fma(g, u, vec_set(0.387136906f));
  g = vec_fma(g, u, vec_set(-0.607896566f));
  g = vec_fma(g, u, vec_set(0.755285144f));
  const Vec half = a * vec_set(0.5f), square = half * a;
  const Vec lost = vec_fma(half, a, vec_zero() - square);  // what rounding took from the square
  const Vec bell = vec_exp(vec_zero() - square);
  const Vec tail = vec_fnma(bell, lost, bell) * (g / sum);  // the probability beyond |x|
  const Vec probability = vec_if_less(x, vec_zero(), tail, vec_set(1.0f) - tail);
  return x * probability;
}

// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2, which is x * sigmoid of twice the inner value.
inline Vec vec_gelu_tanh(Vec x) {
  const Vec inner = x * vec_fma(x * x, vec_set(1.5957691216f * 0.044715f), vec_set(1.5957691216f));
  return x * vec_sigmoid(inner);
}

}  // namespace kt::cpu
