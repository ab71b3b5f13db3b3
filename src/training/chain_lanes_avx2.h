// Eight floats in an AVX2 register. Nothing that the standard library defines inline is called: no
// code of this instruction set may end up in a function that other files share.
#pragma once

#include <immintrin.h>
#include <math.h>

namespace coco_mcu::training {

struct Avx2Lanes {
  static constexpr int kCount = 8;
  __m256 lanes;

  static Avx2Lanes all(float value) { return {_mm256_set1_ps(value)}; }
  static Avx2Lanes load(const float* from) { return {_mm256_loadu_ps(from)}; }
  void store(float* to) const { _mm256_storeu_ps(to, lanes); }

  friend Avx2Lanes operator+(Avx2Lanes a, Avx2Lanes b) { return {_mm256_add_ps(a.lanes, b.lanes)}; }
  friend Avx2Lanes operator-(Avx2Lanes a, Avx2Lanes b) { return {_mm256_sub_ps(a.lanes, b.lanes)}; }
  friend Avx2Lanes operator*(Avx2Lanes a, Avx2Lanes b) { return {_mm256_mul_ps(a.lanes, b.lanes)}; }
  friend Avx2Lanes operator/(Avx2Lanes a, Avx2Lanes b) { return {_mm256_div_ps(a.lanes, b.lanes)}; }
  /// max(bound, x) and min(bound, x); a NaN of x stays one.
  static Avx2Lanes at_least(Avx2Lanes bound, Avx2Lanes x) {
    return {_mm256_max_ps(bound.lanes, x.lanes)};
  }
  static Avx2Lanes at_most(Avx2Lanes bound, Avx2Lanes x) {
    return {_mm256_min_ps(bound.lanes, x.lanes)};
  }
  static Avx2Lanes floor(Avx2Lanes x) { return {_mm256_floor_ps(x.lanes)}; }
  /// The mathematical library's, lane by lane.
  static Avx2Lanes exp(Avx2Lanes x) {
    float values[kCount];
    x.store(values);
    for (float& value : values) value = expf(value);
    return load(values);
  }
  /// value where a < b, else 0; value where a <= b, else 0.
  static Avx2Lanes where_less(Avx2Lanes a, Avx2Lanes b, Avx2Lanes value) {
    return {_mm256_and_ps(_mm256_cmp_ps(a.lanes, b.lanes, _CMP_LT_OQ), value.lanes)};
  }
  static Avx2Lanes where_not_above(Avx2Lanes a, Avx2Lanes b, Avx2Lanes value) {
    return {_mm256_and_ps(_mm256_cmp_ps(a.lanes, b.lanes, _CMP_LE_OQ), value.lanes)};
  }
};

}  // namespace coco_mcu::training
