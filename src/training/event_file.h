// What TensorBoard reads: TFRecord frames around protobuf messages of
// tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace coco_mcu::training {

/// The record that an event file begins with. `wall_time` in seconds since 1970.
std::vector<std::uint8_t> first_event(double wall_time);

struct Scalar {
  std::string_view tag;
  float value = 0.0F;
};

/// A record with the scalars of one step.
std::vector<std::uint8_t> scalar_event(double wall_time, std::int64_t step,
                                       const std::vector<Scalar>& scalars);

}  // namespace coco_mcu::training
