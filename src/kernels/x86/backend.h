// Puts the kernels of one vector type together. Freestanding.
#pragma once

#include "kernels/reference/reference.h"
#include "kernels/x86/convolution.h"
#include "kernels/x86/depthwise.h"
#include "kernels/x86/elementwise.h"
#include "kernels/x86/fully_connected.h"

namespace coco_mcu::kernels::x86 {

/// A name put together while compiling: "pointwise_2w8a_avx2".
struct KernelName {
  char text[48] = {};

  consteval KernelName(const char* operation, int bits, const char* instruction_set) {
    const char digits[] = {static_cast<char>('0' + bits), 0};
    std::size_t length = 0;
    for (const char* part : {operation, "_", digits, "w8a_", instruction_set}) {
      while (*part != 0) text[length++] = *part++;
    }
  }
};

template <class V, int kBits>
struct ConvolutionKernels {
  using Windows = WindowConvolution<V, kBits>;
  using Single = FullyConnected<V, kBits>;
  static constexpr const ConvolutionKernel& kReference = reference::kConvolution;
  static constexpr KernelName kPointwiseName{"pointwise", kBits, V::kName};
  static constexpr KernelName kFullyConnectedName{"fully_connected", kBits, V::kName};
  static constexpr KernelName kConvolutionName{"convolution", kBits, V::kName};
  static constexpr ConvolutionKernel kPointwise = {kPointwiseName.text, Windows::scratch_bytes,
                                                   Windows::prepare, Windows::pointwise_row};
  static constexpr ConvolutionKernel kFullyConnected = {
      kFullyConnectedName.text, Single::scratch_bytes, Single::prepare, Single::row};
  static constexpr ConvolutionKernel kConvolution = {kConvolutionName.text, Windows::scratch_bytes,
                                                     Windows::prepare, Windows::row};

  static const ConvolutionKernel& choose(const Convolution& layer) {
    if (layer.kernel != 1 || layer.stride != 1 || layer.padding != 0) return kConvolution;
    return layer.out_width == 1 ? kFullyConnected : kPointwise;
  }
};

template <class V, int kBits>
struct DepthwiseKernels {
  static constexpr const ConvolutionKernel& kReference = reference::kDepthwise;
  static constexpr KernelName kName3x3{"depthwise_3x3", kBits, V::kName};
  static constexpr KernelName kName5x5{"depthwise_5x5", kBits, V::kName};
  template <int kSize>
  static constexpr ConvolutionKernel kKernel = {
      (kSize == 3 ? kName3x3 : kName5x5).text, Depthwise<V, kBits, kSize>::scratch_bytes,
      Depthwise<V, kBits, kSize>::prepare, Depthwise<V, kBits, kSize>::row};

  static const ConvolutionKernel& choose(const Convolution& layer) {
    if (layer.kernel == 3) return kKernel<3>;
    return layer.kernel == 5 ? kKernel<5> : reference::kDepthwise;
  }
};

template <class V, template <class, int> class Kernels>
const ConvolutionKernel& choose(const Convolution& layer) {
  // Vectors know the project's own rule.
  if (layer.requantization.twice != nullptr) return Kernels<V, 8>::kReference;
  switch (layer.format) {
    case core::WeightFormat::kTernary2:
    case core::WeightFormat::kFourLevel2:
      return Kernels<V, 2>::choose(layer);
    case core::WeightFormat::kSigned4:
      return Kernels<V, 4>::choose(layer);
    case core::WeightFormat::kSigned8:
      return Kernels<V, 8>::choose(layer);
  }
  return reference::kConvolution;
}

template <class V>
consteval Backend backend(const char* name, bool (*is_supported)()) {
  return {
      name,
      is_supported,
      choose<V, ConvolutionKernels>,
      choose<V, DepthwiseKernels>,
      multiply_row<V>,
      add<V>,
      sum_pixels<V>,
      max_pool_row<V>,
      lookup<V>,
  };
}

}  // namespace coco_mcu::kernels::x86
