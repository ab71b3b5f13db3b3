#include "lowering/quantize_weights.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace coco_mcu::lowering {

using core::WeightFormat;

namespace {

/// Steps by which a weight may miss a grid that it was trained on: float rounding.
constexpr double kExactTolerance = 1e-3;

/// The integers of a format that are used.
struct Levels {
  int lowest = 0;
  int highest = 0;
  bool odd = false;  // every second one: four levels
};

Levels levels_of(WeightFormat format) {
  switch (format) {
    case WeightFormat::kTernary2:
      return {-1, 1};
    case WeightFormat::kFourLevel2:
      return {-3, 3, true};
    case WeightFormat::kSigned4:
      return {-8, 7};
    case WeightFormat::kSigned8:
      return {-127, 127};
  }
  return {};
}

/// The level nearest to x.
int nearest_level(double x, const Levels& levels) {
  if (levels.odd) {
    const double odd = 2.0 * std::floor(x / 2.0) + 1.0;
    return static_cast<int>(std::clamp(odd, double(levels.lowest), double(levels.highest)));
  }
  return static_cast<int>(std::clamp(std::round(x), double(levels.lowest), double(levels.highest)));
}

double largest_magnitude(std::span<const float> weights) {
  double largest = 0.0;
  for (const float weight : weights) largest = std::max(largest, std::abs(double{weight}));
  return largest;
}

QuantizedRow on_grid(std::span<const float> weights, double scale, const Levels& levels) {
  QuantizedRow row{scale, {}};
  row.weights.reserve(weights.size());
  for (const float weight : weights) {
    row.weights.push_back(static_cast<std::int8_t>(nearest_level(weight / scale, levels)));
  }
  return row;
}

double squared_error(std::span<const float> weights, const QuantizedRow& row) {
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double error = row.value(i) - weights[i];
    sum += error * error;
  }
  return sum;
}

/// A learned step's multiples are rounded to float32 unless they are powers of two: such a weight
/// gives the step back.
double unrounded_scale(std::span<const float> weights, double scale) {
  for (const float weight : weights) {
    const double level = std::round(std::abs(weight / scale));
    int exponent = 0;
    if (level > 0.0 && std::frexp(level, &exponent) == 0.5) return std::abs(weight) / level;
  }
  return scale;
}

/// The scale on which every weight is a level, the largest weight the level of smallest magnitude
/// that allows it; nothing where there is none. Not all weights are 0.
std::optional<double> exact_scale(std::span<const float> weights, const Levels& levels) {
  const double largest = largest_magnitude(weights);
  for (int level = 1; level <= -levels.lowest; level += levels.odd ? 2 : 1) {
    const double scale = largest / level;
    const bool fits = std::ranges::all_of(weights, [&](float weight) {
      const double x = weight / scale;
      return std::abs(x - nearest_level(x, levels)) <= kExactTolerance;
    });
    if (fits) return unrounded_scale(weights, scale);
  }
  return std::nullopt;
}

/// The scale of least squared error among grids whose `count` largest magnitudes have the level
/// `high` and whose others have `low`: for every count the best scale is a quotient of sums.
double best_two_level_scale(std::span<const float> weights, double low, double high) {
  std::vector<double> magnitudes;
  magnitudes.reserve(weights.size());
  for (const float weight : weights) magnitudes.push_back(std::abs(double{weight}));
  std::ranges::sort(magnitudes, std::greater<>());
  double correlation = 0.0;  // sum of magnitude * level
  double energy = 0.0;       // sum of level^2
  for (const double magnitude : magnitudes) correlation += low * magnitude;
  energy = low * low * static_cast<double>(magnitudes.size());
  double best_scale = energy > 0.0 ? correlation / energy : 0.0;
  double best_gain = energy > 0.0 ? correlation * correlation / energy : 0.0;
  for (const double magnitude : magnitudes) {
    correlation += (high - low) * magnitude;
    energy += high * high - low * low;
    const double gain = correlation * correlation / energy;
    if (gain <= best_gain) continue;
    best_gain = gain;
    best_scale = correlation / energy;
  }
  return best_scale;
}

/// Least squares for given integers: sum(w * q) / sum(q^2).
double refined_scale(std::span<const float> weights, const QuantizedRow& row) {
  double correlation = 0.0;
  double energy = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    correlation += double{weights[i]} * row.weights[i];
    energy += double{1} * row.weights[i] * row.weights[i];
  }
  return energy > 0.0 ? correlation / energy : row.scale;
}

QuantizedRow best_clipped(std::span<const float> weights, const Levels& levels) {
  double whole_scale = 0.0;  // that clips nothing
  for (const float weight : weights) {
    whole_scale =
        std::max({whole_scale, double{weight} / levels.highest, double{weight} / levels.lowest});
  }
  QuantizedRow best;
  double least_error = 0.0;
  for (int percent = 100; percent >= 40; --percent) {
    QuantizedRow row = on_grid(weights, whole_scale * percent / 100.0, levels);
    row.scale = refined_scale(weights, row);
    row = on_grid(weights, row.scale, levels);
    const double error = squared_error(weights, row);
    if (!best.weights.empty() && error >= least_error) continue;
    best = std::move(row);
    least_error = error;
  }
  return best;
}

}  // namespace

QuantizedRow quantize_row(std::span<const float> weights, WeightFormat format) {
  const double largest = largest_magnitude(weights);
  const Levels levels = levels_of(format);
  if (largest == 0.0) {
    const int level = nearest_level(0.0, levels);
    return {0.0, std::vector<std::int8_t>(weights.size(), static_cast<std::int8_t>(level))};
  }
  if (const auto scale = exact_scale(weights, levels)) return on_grid(weights, *scale, levels);
  switch (format) {
    case WeightFormat::kTernary2:
      return on_grid(weights, best_two_level_scale(weights, 0.0, 1.0), levels);
    case WeightFormat::kFourLevel2:
      return on_grid(weights, best_two_level_scale(weights, 1.0, 3.0), levels);
    case WeightFormat::kSigned4:
      return best_clipped(weights, levels);
    case WeightFormat::kSigned8:
      break;
  }
  return on_grid(weights, largest / levels.highest, levels);
}

bool is_exact(const QuantizedRow& row, std::span<const float> weights) {
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (std::abs(row.value(i) - weights[i]) > kExactTolerance * row.scale) return false;
  }
  return true;
}

std::optional<WeightFormat> exact_format(std::span<const float> weights, std::size_t row_size) {
  for (const WeightFormat format : {WeightFormat::kTernary2, WeightFormat::kFourLevel2,
                                    WeightFormat::kSigned4, WeightFormat::kSigned8}) {
    bool fits = true;
    for (std::size_t begin = 0; fits && begin < weights.size(); begin += row_size) {
      const auto row = weights.subspan(begin, row_size);
      fits = largest_magnitude(row) == 0.0 || exact_scale(row, levels_of(format)).has_value();
    }
    if (fits) return format;
  }
  return std::nullopt;
}

std::vector<std::uint8_t> pack_row(const QuantizedRow& row, WeightFormat format) {
  std::vector<std::uint8_t> codes;
  codes.reserve(row.weights.size());
  for (const int weight : row.weights) {
    const int code = (weight - core::weight_origin(format)) / core::weight_step(format);
    codes.push_back(static_cast<std::uint8_t>(code));
  }
  std::vector<std::uint8_t> packed(core::packed_row_bytes(format, codes.size()));
  core::pack_codes(format, codes.data(), codes.size(), packed.data());
  return packed;
}

}  // namespace coco_mcu::lowering
