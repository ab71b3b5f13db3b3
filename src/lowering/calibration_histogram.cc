#include "lowering/calibration_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace coco_mcu::lowering {
namespace {

constexpr std::size_t kBins = 4096;
constexpr std::size_t kHalf = kBins / 2;  // the first bin of positive values
constexpr std::size_t kClippings = 100;   // ranges tried on each side, from 1 % to the whole

}  // namespace

Histogram::Histogram() : bins_(kBins) {}

void Histogram::add(std::span<const float> values) {
  double magnitude = 0.0;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      throw std::invalid_argument("the float network computes values that are not finite");
    }
    magnitude = std::max(magnitude, std::abs(double{value}));
  }
  if (magnitude > 0.0) widen(magnitude);
  for (const float value : values) {
    extremes_.minimum = is_empty_ ? value : std::min(extremes_.minimum, double{value});
    extremes_.maximum = is_empty_ ? value : std::max(extremes_.maximum, double{value});
    is_empty_ = false;
    if (value == 0.0F) {
      ++zeros_;
      continue;
    }
    const double bin = std::floor(value / width_) + static_cast<double>(kHalf);
    ++bins_[static_cast<std::size_t>(bin)];
  }
}

void Histogram::widen(double magnitude) {
  // The largest bin holds values below kHalf * width.
  const double needed = std::exp2(std::floor(std::log2(magnitude)) + 1.0) / kHalf;
  if (width_ == 0.0) width_ = needed;
  for (; width_ < needed; width_ *= 2.0) {
    std::vector<std::int64_t> merged(kBins);
    for (std::size_t bin = 0; bin < kBins; ++bin) merged[kHalf / 2 + bin / 2] += bins_[bin];
    bins_ = std::move(merged);
  }
}

double Histogram::center(std::size_t bin) const {
  return (static_cast<double>(bin) - static_cast<double>(kHalf) + 0.5) * width_;
}

Range Histogram::percentile(double share) const {
  const std::int64_t total = std::accumulate(bins_.begin(), bins_.end(), zeros_);
  const double outside = 0.5 * (1.0 - share) * static_cast<double>(total);
  const double half_width = 0.5 * width_;
  Range range;
  double below = 0.0;
  for (std::size_t bin = 0; bin < kHalf; ++bin) {
    below += static_cast<double>(bins_[bin]);
    if (below <= outside) continue;
    range.minimum = std::max(center(bin) - half_width, extremes_.minimum);
    break;
  }
  double above = 0.0;
  for (std::size_t bin = kBins; bin-- > kHalf;) {
    above += static_cast<double>(bins_[bin]);
    if (above <= outside) continue;
    range.maximum = std::min(center(bin) + half_width, extremes_.maximum);
    break;
  }
  return range;
}

Range Histogram::least_squared_error() const {
  const Range whole = {std::min(extremes_.minimum, 0.0), std::max(extremes_.maximum, 0.0)};
  const auto counted =
      static_cast<double>(std::accumulate(bins_.begin(), bins_.end(), std::int64_t{0}));
  // What each clipping loses on its side; the k-th keeps k hundredths of the whole.
  std::vector<double> lost_below(kClippings + 1);
  std::vector<double> lost_above(kClippings + 1);
  for (std::size_t kept = 1; kept <= kClippings; ++kept) {
    const double share = static_cast<double>(kept) / kClippings;
    const double minimum = whole.minimum * share;
    const double maximum = whole.maximum * share;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      if (bins_[bin] == 0) continue;
      const auto count = static_cast<double>(bins_[bin]);
      const double below = std::max(minimum - center(bin), 0.0);
      const double above = std::max(center(bin) - maximum, 0.0);
      lost_below[kept] += count * below * below;
      lost_above[kept] += count * above * above;
    }
  }
  Range best = whole;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t below = kClippings; below >= 1; --below) {
    for (std::size_t above = kClippings; above >= 1; --above) {
      const Range range = {whole.minimum * static_cast<double>(below) / kClippings,
                           whole.maximum * static_cast<double>(above) / kClippings};
      const double scale = (range.maximum - range.minimum) / 255.0;
      const double error = lost_below[below] + lost_above[above] + counted * scale * scale / 12.0;
      if (error >= least) continue;
      least = error;
      best = range;
    }
  }
  return best;
}

}  // namespace coco_mcu::lowering
