// The tables of the integer network: pixels, curves and exponentials (docs/arithmetic.md). This is
// the only place where they are computed; no target does.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/preprocessing.h"
#include "lowering/ranges.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// The curve of an activation: relu, hard_swish, hard_sigmoid or sigmoid_plus_one. Throws
/// std::invalid_argument for another operation.
double curve_value(network::Op curve, double x);

/// Outside this range of x the curve is constant, or for h-swish and relu the identity above it, so
/// that codes before its table need not tell apart what lies outside.
Range clip_to_curve(network::Op curve, const Range& range);

/// The 256 codes of a curve, from codes on one grid to codes on another.
std::vector<std::uint8_t> curve_table(network::Op curve, const CodeGrid& from, const CodeGrid& to);

/// The 256 codes on `to` nearest to the values of the codes on `from`.
std::vector<std::uint8_t> grid_table(const CodeGrid& from, const CodeGrid& to);

/// The 256 values of exp(-scale * d) in units of 1/65535.
std::vector<std::uint16_t> softmax_exponentials(double scale);

/// From the bytes of a pixel's channels R, G, B to codes.
std::array<std::array<std::uint8_t, 256>, 3> input_tables(const core::Preprocessing& preprocessing,
                                                          const CodeGrid& grid);

}  // namespace coco_mcu::lowering
