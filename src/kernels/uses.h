// Which kernels a program needs: those that its models' layers choose. Freestanding.
#pragma once

#include <span>

#include "core/uses.h"
#include "kernels/kernels.h"
#include "kernels/used_convolutions.h"

namespace coco_mcu::kernels {

/// Whether some of these layers have a property.
template <typename Property>
constexpr bool has_any(std::span<const Convolution> layers, Property has) {
  for (const Convolution& layer : layers) {
    if (has(layer)) return true;
  }
  return false;
}

/// Whether a model may have a convolution with this property, depthwise ones apart. What asks is
/// left out by the compiler where the answer is no.
template <typename Property>
consteval bool uses_convolution(Property has) {
  return core::kIsForAnyModel || has_any(kUsedConvolutions, has);
}

/// The same for depthwise convolutions.
template <typename Property>
consteval bool uses_depthwise(Property has) {
  return core::kIsForAnyModel || has_any(kUsedDepthwise, has);
}

/// A back end without the operations that no model uses, so that they are left out.
consteval Backend used_part(Backend all) {
  if (!core::kUsesConvolution) all.convolution = nullptr;
  if (!core::kUsesDepthwise) all.depthwise = nullptr;
  if (!core::kUsesMultiply) all.multiply_row = nullptr;
  if (!core::kUsesAdd) all.add = nullptr;
  if (!core::kUsesGlobalAverage) all.sum_pixels = nullptr;
  if (!core::kUsesMaxPool) all.max_pool_row = nullptr;
  if (!core::kUsesLookup) all.lookup = nullptr;
  return all;
}

}  // namespace coco_mcu::kernels
