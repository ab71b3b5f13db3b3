// One float in a GPU's thread, for the formulas of chain_loops_generic.h.
#pragma once

namespace coco_mcu::training {

/// See Avx2Lanes for what each function means.
struct CudaLane {
  static constexpr int kCount = 1;
  float value;

  __host__ __device__ static CudaLane all(float value) { return {value}; }
  __host__ __device__ friend CudaLane operator+(CudaLane a, CudaLane b) {
    return {a.value + b.value};
  }
  __host__ __device__ friend CudaLane operator-(CudaLane a, CudaLane b) {
    return {a.value - b.value};
  }
  __host__ __device__ friend CudaLane operator*(CudaLane a, CudaLane b) {
    return {a.value * b.value};
  }
  __host__ __device__ friend CudaLane operator/(CudaLane a, CudaLane b) {
    return {a.value / b.value};
  }
  __host__ __device__ static CudaLane at_least(CudaLane bound, CudaLane x) {
    return {bound.value > x.value ? bound.value : x.value};
  }
  __host__ __device__ static CudaLane at_most(CudaLane bound, CudaLane x) {
    return {bound.value < x.value ? bound.value : x.value};
  }
  __host__ __device__ static CudaLane floor(CudaLane x) { return {::floorf(x.value)}; }
  __host__ __device__ static CudaLane exp(CudaLane x) { return {::expf(x.value)}; }
  __host__ __device__ static CudaLane where_less(CudaLane a, CudaLane b, CudaLane value) {
    return {a.value < b.value ? value.value : 0.0F};
  }
  __host__ __device__ static CudaLane where_not_above(CudaLane a, CudaLane b, CudaLane value) {
    return {a.value <= b.value ? value.value : 0.0F};
  }
};

}  // namespace coco_mcu::training
