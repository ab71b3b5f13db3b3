#include "core/weight_format.h"

namespace coco_mcu::core {

namespace {

/// Whole bytes at a time, in a form that compilers vectorize.
template <WeightFormat kFormat>
void unpack(const std::uint8_t* row, std::size_t count, std::int8_t* weights) {
  constexpr auto kBits = static_cast<std::size_t>(weight_bits(kFormat));
  constexpr std::size_t kPerByte = 8 / kBits;
  const std::size_t bytes = count / kPerByte;
  for (std::size_t i = 0; i < bytes; ++i) {
    for (std::size_t j = 0; j < kPerByte; ++j) {
      const int code = (row[i] >> (j * kBits)) & ((1 << kBits) - 1);
      weights[i * kPerByte + j] =
          static_cast<std::int8_t>(weight_origin(kFormat) + weight_step(kFormat) * code);
    }
  }
  for (std::size_t i = bytes * kPerByte; i < count; ++i) {
    weights[i] = static_cast<std::int8_t>(weight_at(kFormat, row, i));
  }
}

}  // namespace

void unpack_weights(WeightFormat format, const std::uint8_t* row, std::size_t count,
                    std::int8_t* weights) {
  // Microcontrollers have no vectors for it, and no bytes of code to spare.
  constexpr bool kIsHost = sizeof(void*) == 8;
  if constexpr (!kIsHost) {
    for (std::size_t i = 0; i < count; ++i) {
      weights[i] = static_cast<std::int8_t>(weight_at(format, row, i));
    }
    return;
  }
  switch (format) {
    case WeightFormat::kTernary2:
      return unpack<WeightFormat::kTernary2>(row, count, weights);
    case WeightFormat::kFourLevel2:
      return unpack<WeightFormat::kFourLevel2>(row, count, weights);
    case WeightFormat::kSigned4:
      return unpack<WeightFormat::kSigned4>(row, count, weights);
    case WeightFormat::kSigned8:
      return unpack<WeightFormat::kSigned8>(row, count, weights);
  }
}

void pack_codes(WeightFormat format, const std::uint8_t* codes, std::size_t count,
                std::uint8_t* row) {
  const auto bits = static_cast<std::size_t>(weight_bits(format));
  for (std::size_t i = 0; i < packed_row_bytes(format, count); ++i) row[i] = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = i * bits;
    row[bit / 8] = static_cast<std::uint8_t>(row[bit / 8] | (codes[i] << (bit % 8)));
  }
}

}  // namespace coco_mcu::core
