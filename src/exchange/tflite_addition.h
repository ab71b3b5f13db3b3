// TensorFlow Lite's sum and product of two int8 tensors, as its reference kernels have them
// (Jacob et al. 2018, appendix A.2: both inputs on one finer grid, then to the output's).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "exchange/grid.h"
#include "exchange/tflite_arithmetic.h"

namespace coco_mcu::exchange {

// Zero points are codes, int8 plus 128.

/// Sums of codes. Where the output is finer than 2^-19 of the inputs there is none.
class TfliteAddition {
 public:
  static bool is_possible(const Grid& x, const Grid& y, const Grid& output);
  TfliteAddition(const Grid& x, const Grid& y, const Grid& output);

  /// The code of the sum of two numbers, within 0..255.
  std::uint8_t code(std::uint8_t x, std::uint8_t y) const;

  /// The same as a layer of ours computes it: (x - zero) * factor of both inputs, then
  /// requantize_twice.
  struct Rule {
    std::array<std::int16_t, 2> factors = {};
    FixedMultiplier multiplier;
    std::size_t differing = 0;  // of the 65,536 pairs of codes, those that it gives another code
  };

  /// The rule that differs least: nowhere, or for some sums next to a half.
  Rule rule() const;

 private:
  std::size_t differing(const Rule& rule, std::size_t enough) const;

  std::array<Grid, 2> inputs_;
  Grid output_;
  FixedMultiplier to_output_;
  std::array<std::array<std::int32_t, 256>, 2> fine_ = {};  // of each code, in units of 2^-19
};

/// The multiplier of a product of codes; nothing where products times it could leave 32 bits.
std::optional<FixedMultiplier> product_multiplier(const Grid& x, const Grid& y, const Grid& output);

}  // namespace coco_mcu::exchange
