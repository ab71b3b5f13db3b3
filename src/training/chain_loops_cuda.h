// The loops of chain_loops.h on a GPU: the same formulas, one thread for each channel of some
// pixels. All pointers are the GPU's; the work goes to CUDA's default stream, as libtorch's does.
#pragma once

#include <cstdint>

#include "training/chain_loops.h"

namespace coco_mcu::training {

/// x is [pictures, pixels, channels].
struct CudaChainInput {
  const float* x = nullptr;
  std::int64_t pictures = 0;
  std::int64_t pixels = 0;
  std::int64_t channels = 0;
  const float* gain = nullptr;  // [pictures or 1, channels]
  bool has_gain_for_each_picture = false;
  const float* shift = nullptr;  // [channels]
};

/// Partial sums that a picture's blocks leave: of its channels [blocks, 2, channels], of its ranges
/// [range_rows, 6].
struct CudaChainSums {
  std::int64_t blocks = 0;
  std::int64_t range_rows = 0;
};
CudaChainSums cuda_chain_sums(std::int64_t pixels, std::int64_t channels);

/// As the members of ChainLoops of the same names. `sums` is [pictures, blocks, 2, channels];
/// `range_sums` is [pictures, range_rows, 2, 3] or null; `by_x` and `constant` are [channels].
void cuda_chain_statistics(const CudaChainInput& input, double* sums);
void cuda_chain_forward(const CudaChainInput& input, const ChainFunctions& functions, float* y);
void cuda_chain_backward_sums(const CudaChainInput& input, const ChainFunctions& functions,
                              const float* dy, double* sums, double* range_sums);
void cuda_chain_backward_input(const CudaChainInput& input, const ChainFunctions& functions,
                               const float* dy, const float* by_x, const float* constant,
                               float* dx);

}  // namespace coco_mcu::training
