// Claim: one core loads more than 150 augmented pictures of 500x375 pixels a second at 256x256, so
// that training never waits. Prints what two threads load, the processor's time for each step of
// one picture, and one JSON line.
//
//   bench_loader [WHERE]    a folder of TFRecord shards, or ANNOTATIONS.json:FOLDER
#include "dataset/loader.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <span>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/timing.h"
#include "dataset/augmentation_colour.h"
#include "dataset/augmentation_degradation.h"
#include "dataset/augmentation_view.h"
#include "tests/support/shared_material.h"

namespace {

using namespace coco_mcu::dataset;  // NOLINT(google-build-using-namespace): what is measured

constexpr int kThreads = 2;
constexpr double kLimit = 150.0;  // pictures a second and core
constexpr coco_mcu::core::Preprocessing kInput = {.height = 256, .width = 256};

/// Seconds of processor time that the whole program has used: other programs do not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Speed {
  double per_second = 0.0;       // pictures, by the clock
  double per_core_second = 0.0;  // pictures, by the processor's time
};

Speed load(const PictureSource& source) {
  LoaderOptions options;
  options.preprocessing = kInput;
  options.augmentation = {
      .crop_scale = 1.25, .horizontal_flip = true, .brightness = 0.1, .hue = 0.1};
  options.threads = kThreads;
  Loader loader(source, nullptr, options);
  double pictures = 0.0;
  const auto start = std::chrono::steady_clock::now();
  const double processor_start = processor_seconds();
  loader.start(0);
  while (const auto batch = loader.next()) pictures += static_cast<double>(batch->labels.size());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {pictures / seconds.count(), pictures / (processor_seconds() - processor_start)};
}

/// Milliseconds of processor time of `work` for one picture.
template <class Work>
double milliseconds(const Work& work) {
  constexpr long kCalls = 40;
  work();
  return 1000.0 * coco_mcu::seconds_of(work, kCalls);
}

/// What the command line names, or else the shared photographs.
std::string where(std::span<char*> arguments) {
  if (!arguments.empty()) return arguments[0];
  const auto data = coco_mcu::testing::shared_material("data");
  if (!data) {
    throw std::runtime_error(
        "the shared photographs are absent (COCO_MCU_SHARED); name a folder "
        "of shards, or ANNOTATIONS.json:FOLDER");
  }
  return fmt::format("{}:{}", (*data / "annotations/instances_train.json").string(),
                     (*data / "train").string());
}

void print_steps(const PictureSource& source) {
  const Example example = source.read(0);
  const Image image = decode_image(example.encoded, example.file_name);
  View view = {.scaled_height = 320,
               .scaled_width = 320,
               .top = 20,
               .left = 30,
               .height = 256,
               .width = 256};
  const Image seen = render(image, kInput.resize, view);
  const auto print = [](const char* step, double time) {
    fmt::print("  {:<28} {:6.3f} ms\n", step, time);
  };
  fmt::print("One picture ({}, {}x{}):\n", example.file_name, image.width, image.height);
  print("read", milliseconds([&] { source.read(0); }));
  print("decode", milliseconds([&] { decode_image(example.encoded, example.file_name); }));
  print("crop and resize", milliseconds([&] { render(image, kInput.resize, view); }));
  view.degrees = 7.0;
  print("the same, turned", milliseconds([&] { render(image, kInput.resize, view); }));
  Image changed = seen;
  print("colours", milliseconds([&] {
          changed = seen;
          change_colours(changed, {.brightness = 0.05, .hue = 0.05});
        }));
  print("down, JPEG and up", milliseconds([&] {
          changed = seen;
          degrade(changed, 0.6, 60);
        }));
  Random random({1});
  print("noise", milliseconds([&] {
          changed = seen;
          add_noise(changed, 0.03, random);
        }));
}

}  // namespace

namespace coco_mcu {

void measure(std::span<char*> arguments) {
  const auto source = open_pictures(where(arguments));
  print_steps(*source);
  const Speed speed = load(*source);
  fmt::print("{} threads: {:.0f} pictures/s; {:.0f} pictures/s and core (limit: {:.0f})\n",
             kThreads, speed.per_second, speed.per_core_second, kLimit);
  const nlohmann::ordered_json result = {{"pictures_per_second", speed.per_second},
                                         {"pictures_per_core_second", speed.per_core_second},
                                         {"limit", kLimit}};
  fmt::print("{}\n", result.dump());
  if (speed.per_core_second <= kLimit) throw std::runtime_error("loading is below its limit");
}

}  // namespace coco_mcu
