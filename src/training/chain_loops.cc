#include "training/chain_loops.h"

#include <algorithm>
#include <numeric>

#include "training/chain_lanes_portable.h"
#include "training/chain_loops_generic.h"

namespace coco_mcu::training {
namespace {

constexpr std::int64_t kLanes = PortableLanes::kCount;
constexpr std::int64_t kLongRow = 256;  // floats: few rows' ends, and all of a tile stays in L1

}  // namespace

#ifdef COCO_MCU_AVX2_CHAIN
extern const ChainLoops kAvx2ChainLoops;
#endif

std::int64_t tile_pixels_of(std::int64_t pixels, std::int64_t channels) {
  const std::int64_t pixels_to_whole_vectors = kLanes / std::gcd(kLanes, channels);
  const std::int64_t floats = pixels_to_whole_vectors * channels;
  const std::int64_t repeats = std::max<std::int64_t>(1, (kLongRow + floats - 1) / floats);
  return std::min(pixels, pixels_to_whole_vectors * repeats);
}

std::int64_t tile_floats_of(std::int64_t tile_pixels, std::int64_t channels) {
  return (tile_pixels * channels + kLanes - 1) / kLanes * kLanes;
}

const ChainLoops& portable_chain_loops() {
  return generic::kLoops<PortableLanes>;
}

const ChainLoops& chain_loops() {
#ifdef COCO_MCU_AVX2_CHAIN
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return kAvx2ChainLoops;
#endif
  return portable_chain_loops();
}

}  // namespace coco_mcu::training
