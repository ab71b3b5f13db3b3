#include "dataset/augmentation_degradation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace coco_mcu::dataset {
namespace {

/// The source pixels first..last that a new one covers; the outer two with their shares.
struct Cover {
  int first = 0;
  int last = 0;
  float first_share = 1.0F;
  float last_share = 1.0F;
};

std::vector<Cover> covers(int source, int target) {
  std::vector<Cover> result(target);
  const double step = static_cast<double>(source) / target;
  for (int i = 0; i < target; ++i) {
    const double from = i * step;
    const double to = std::min((i + 1) * step, static_cast<double>(source));
    Cover& cover = result[i];
    cover.first = std::min(static_cast<int>(from), source - 1);
    cover.last = std::min(static_cast<int>(std::ceil(to)) - 1, source - 1);
    cover.first_share = static_cast<float>(std::min<double>(to, cover.first + 1) - from);
    cover.last_share = static_cast<float>(to - std::max<double>(from, cover.last));
  }
  return result;
}

float share(const Cover& cover, int at) {
  if (at == cover.first) return cover.first_share;
  return at == cover.last ? cover.last_share : 1.0F;
}

/// The weighted sum of the rows that one new row covers.
void sum_rows(const Image& image, const Cover& rows, std::vector<float>& sums) {
  std::ranges::fill(sums, 0.0F);
  for (int y = rows.first; y <= rows.last; ++y) {
    const float weight = share(rows, y);
    const std::uint8_t* row = image.rgb.data() + sums.size() * static_cast<std::size_t>(y);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * static_cast<float>(row[i]);
  }
}

}  // namespace

Image shrink(const Image& image, int height, int width) {
  if (height < 1 || width < 1 || height > image.height || width > image.width) {
    throw std::invalid_argument(fmt::format("{}x{} pixels cannot be shrunk to {}x{}", image.width,
                                            image.height, width, height));
  }
  const std::vector<Cover> rows = covers(image.height, height);
  const std::vector<Cover> columns = covers(image.width, width);
  const float norm = static_cast<float>(height) * static_cast<float>(width) /
                     (static_cast<float>(image.height) * static_cast<float>(image.width));
  Image small{height, width, {}};
  small.rgb.reserve(std::size_t{3} * height * width);
  std::vector<float> sums(std::size_t{3} * image.width);
  for (const Cover& row : rows) {
    sum_rows(image, row, sums);
    for (const Cover& column : columns) {
      std::array<float, 3> total{};
      for (int x = column.first; x <= column.last; ++x) {
        const float weight = share(column, x);
        for (std::size_t c = 0; c < 3; ++c) total[c] += weight * sums[std::size_t{3} * x + c];
      }
      for (const float value : total) {
        small.rgb.push_back(static_cast<std::uint8_t>(std::min(value * norm + 0.5F, 255.0F)));
      }
    }
  }
  return small;
}

void degrade(Image& image, double scale, std::optional<int> quality) {
  const auto scaled = [scale](int side) {
    return std::clamp(static_cast<int>(std::lround(scale * side)), 1, side);
  };
  const core::Preprocessing full = {.height = image.height, .width = image.width};
  Image passed_on = shrink(image, scaled(image.height), scaled(image.width));
  if (quality) {
    passed_on =
        decode_image(encode_jpeg(passed_on, *quality), "compressed picture", {.min_side = 1});
  }
  image = prepare(passed_on, full);
}

// Values are whole numbers: rounding the noise is rounding the sum. Drawing each value from a
// table of normal numbers instead of computing it makes this twenty times faster.
void add_noise(Image& image, double deviation, Random& random) {
  constexpr int kIndexBits = 12;
  std::array<std::int16_t, std::size_t{1} << kIndexBits> noise{};
  for (std::int16_t& value : noise) {
    value = static_cast<std::int16_t>(std::lround(255.0 * deviation * random.normal()));
  }
  std::uint64_t bits = 0;
  int left = 0;
  for (std::uint8_t& value : image.rgb) {
    if (left < kIndexBits) {
      bits = random.next();
      left = 64;
    }
    const int sum = value + noise[bits % noise.size()];
    value = static_cast<std::uint8_t>(std::clamp(sum, 0, 255));
    bits >>= kIndexBits;
    left -= kIndexBits;
  }
}

}  // namespace coco_mcu::dataset
