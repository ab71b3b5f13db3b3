#include "training/event_file.h"

#include <string>

#include <protozero/pbf_writer.hpp>

#include "dataset/tfrecord.h"

namespace coco_mcu::training {
namespace {

// Fields of Event, Summary and Summary.Value.
constexpr protozero::pbf_tag_type kWallTime = 1;
constexpr protozero::pbf_tag_type kStep = 2;
constexpr protozero::pbf_tag_type kFileVersion = 3;
constexpr protozero::pbf_tag_type kSummary = 5;
constexpr protozero::pbf_tag_type kValue = 1;
constexpr protozero::pbf_tag_type kTag = 1;
constexpr protozero::pbf_tag_type kSimpleValue = 2;

std::vector<std::uint8_t> framed(const std::string& message) {
  return dataset::frame_record(
      {reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
}

}  // namespace

std::vector<std::uint8_t> first_event(double wall_time) {
  std::string message;
  protozero::pbf_writer event(message);
  event.add_double(kWallTime, wall_time);
  event.add_string(kFileVersion, "brain.Event:2");
  return framed(message);
}

std::vector<std::uint8_t> scalar_event(double wall_time, std::int64_t step,
                                       const std::vector<Scalar>& scalars) {
  std::string message;
  protozero::pbf_writer event(message);
  event.add_double(kWallTime, wall_time);
  event.add_int64(kStep, step);
  protozero::pbf_writer summary(event, kSummary);
  for (const Scalar& scalar : scalars) {
    protozero::pbf_writer value(summary, kValue);
    value.add_string(kTag, scalar.tag.data(), scalar.tag.size());
    value.add_float(kSimpleValue, scalar.value);
  }
  summary.commit();
  return framed(message);
}

}  // namespace coco_mcu::training
