// What the models of a program consist of, so that firmware holds the code that its model needs and
// no other. Here: anything. `coco-mcu emit` writes this header anew for its model, and
// kernels/used_convolutions.h. Freestanding.
#pragma once

#include <cstdint>

namespace coco_mcu::core {

/// False where the program is for the model with this checksum alone.
inline constexpr bool kIsForAnyModel = true;
inline constexpr std::uint32_t kModelChecksum = 0;

// Operations.
inline constexpr bool kUsesAdd = true;
inline constexpr bool kUsesConcatenate = true;
inline constexpr bool kUsesConvolution = true;
inline constexpr bool kUsesDepthwise = true;
inline constexpr bool kUsesGlobalAverage = true;
inline constexpr bool kUsesLookup = true;
inline constexpr bool kUsesMaxPool = true;
inline constexpr bool kUsesMultiply = true;
inline constexpr bool kUsesUpsample = true;

/// Pictures of one channel, and of three.
inline constexpr bool kUsesGrey = true;
inline constexpr bool kUsesColour = true;

/// Layers that compute some of their channels, or read some of their input's.
inline constexpr bool kUsesMasks = true;

/// Plans that hold the picture and compute one whole layer after the other.
inline constexpr bool kUsesWholeLayers = true;

/// TensorFlow Lite's rule of requantization.
inline constexpr bool kUsesTwice = true;

}  // namespace coco_mcu::core
