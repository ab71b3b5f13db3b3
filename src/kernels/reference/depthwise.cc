#include "kernels/reference/reference.h"
#include "kernels/reference/window.h"

namespace coco_mcu::kernels::reference {
namespace {

std::size_t window(const Convolution& layer) {
  return static_cast<std::size_t>(layer.kernel) * static_cast<std::size_t>(layer.kernel);
}

/// The weights of one channel at a time.
std::size_t scratch_bytes(const Convolution& layer) {
  return window(layer);
}

std::int32_t accumulate(const Convolution& layer, const std::int8_t* weights, WindowRows rows,
                        std::int32_t out_column, std::size_t channel) {
  std::int32_t sum = 0;
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    for (std::int32_t kx = 0; kx < layer.kernel; ++kx) {
      const std::uint8_t* pixel = pixel_at(layer, rows, ky, kx, out_column);
      const std::int32_t weight = *weights++;
      if (pixel != nullptr) sum += weight * (pixel[channel] - layer.zero_point);
    }
  }
  return sum;
}

void row(const Convolution& layer, std::uint8_t* scratch, WindowRows rows, std::uint8_t* out) {
  auto* weights = reinterpret_cast<std::int8_t*>(scratch);
  const std::size_t packed_bytes = core::packed_row_bytes(layer.format, window(layer));
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    core::unpack_weights(layer.format, layer.weights + channel * packed_bytes, window(layer),
                         weights);
    for (std::int32_t column = 0; column < layer.out_width; ++column) {
      const std::int32_t sum = accumulate(layer, weights, rows, column, channel);
      out[static_cast<std::size_t>(column) * channels + channel] =
          core::requantize(layer.requantization, sum, channel);
    }
  }
}

}  // namespace

const ConvolutionKernel kDepthwise = {"depthwise_reference", scratch_bytes, no_preparation, row,
                                      true};

const ConvolutionKernel& depthwise(const Convolution& /*layer*/) {
  return kDepthwise;
}

}  // namespace coco_mcu::kernels::reference
