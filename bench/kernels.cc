// Claim: the kernels come close to the processor's integer peak on the layers of the networks, and
// weights of 2 and 4 bits are faster than those of 8. Prints each layer's billions of
// multiply-accumulates per second on one thread and its share of the peak of its instructions.
//
//   bench_kernels [back end]      the best one if none is named

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/integer_peak.h"
#include "bench/support/timing.h"
#include "tests/support/random_layer.h"

namespace coco_mcu {
namespace {

using core::WeightFormat;
using testing::Geometry;

/// Pointwise layers as one row of all their pixels, the others as one row.
std::vector<Geometry> geometries() {
  std::vector<Geometry> all;
  const auto pointwise = [&](int pixels, int in, int out) {
    all.push_back({.in_width = pixels, .in_channels = in, .out_channels = out});
  };
  const auto depthwise = [&](int width, int channels, int kernel, int stride) {
    all.push_back({.is_depthwise = true,
                   .in_width = width,
                   .in_channels = channels,
                   .out_channels = channels,
                   .kernel = kernel,
                   .stride = stride,
                   .padding = kernel / 2});
  };
  all.push_back({.in_width = 256,
                 .in_channels = 3,
                 .out_channels = 8,
                 .kernel = 3,
                 .stride = 3,
                 .padding = 1});
  pointwise(7396, 8, 16);
  pointwise(7396, 16, 16);
  pointwise(7396, 16, 32);
  pointwise(1849, 32, 24);
  pointwise(1849, 24, 72);
  pointwise(484, 72, 32);
  pointwise(484, 32, 256);
  pointwise(121, 256, 128);
  pointwise(121, 128, 256);
  pointwise(36, 256, 128);
  pointwise(36, 128, 256);
  pointwise(36, 128, 512);
  pointwise(484, 32, 251);
  pointwise(121, 251, 81);
  pointwise(121, 81, 175);
  pointwise(36, 175, 51);
  pointwise(1, 16, 4);
  pointwise(1, 4, 16);
  pointwise(1, 256, 64);
  pointwise(1, 64, 256);
  pointwise(1, 512, 1200);
  pointwise(1, 1200, 2);
  depthwise(86, 16, 3, 1);
  depthwise(86, 32, 3, 2);
  depthwise(43, 72, 3, 2);
  depthwise(22, 256, 5, 2);
  depthwise(11, 256, 5, 2);
  depthwise(6, 256, 3, 1);
  depthwise(22, 251, 5, 2);
  depthwise(11, 175, 5, 2);
  depthwise(43, 43, 3, 2);
  return all;
}

double row_macs(const kernels::Convolution& layer, bool is_depthwise) {
  return 1.0 * layer.kernel * layer.kernel * layer.out_width * layer.out_channels *
         (is_depthwise ? 1 : layer.in_channels);
}

std::string shape(const kernels::Convolution& layer) {
  return fmt::format("{}x{} -> {}x{}", layer.in_width, layer.in_channels, layer.out_width,
                     layer.out_channels);
}

/// Medians over the rounds of one layer.
struct Rounds {
  double prepare_seconds = 0.0;
  double row_seconds = 0.0;
  double share_of_peak = 0.0;
};

/// In each round the peak is measured beside the layer: the neighbours on a shared machine change
/// the processor's speed by a factor of two, and both see the same.
Rounds measured(const kernels::ConvolutionKernel& kernel, const testing::RandomConvolution& made,
                double macs, const PeakLoop& peak) {
  constexpr int kRounds = 25;
  constexpr double kRoundSeconds = 0.0005;
  const testing::Bytes scratch(kernel.scratch_bytes(made.layer));
  const testing::Bytes out(made.out_bytes());
  const auto prepare = [&] { kernel.prepare(made.layer, scratch.data()); };
  const auto row = [&] { kernel.row(made.layer, scratch.data(), made.rows(), out.data()); };
  const long prepare_calls = calls_within(prepare, kRoundSeconds);
  const long row_calls = calls_within(row, kRoundSeconds);
  std::vector<double> prepare_seconds;
  std::vector<double> row_seconds;
  std::vector<double> shares;
  for (int round = 0; round < kRounds; ++round) {
    prepare_seconds.push_back(seconds_of(prepare, prepare_calls));
    const double peak_before = seconds_of(peak.run, 2);
    row_seconds.push_back(seconds_of(row, row_calls));
    const double peak_seconds = (peak_before + seconds_of(peak.run, 2)) / 2;
    if (peak.macs > 0) shares.push_back(macs / row_seconds.back() * peak_seconds / peak.macs);
  }
  return {median(prepare_seconds), median(row_seconds), shares.empty() ? 0.0 : median(shares)};
}

nlohmann::ordered_json measure_layer(const kernels::Backend& backend, const Geometry& geometry,
                                     const PeakLoop& peak) {
  testing::Random random(1);
  testing::RandomConvolution made(random, geometry);
  kernels::Convolution& layer = made.layer;
  layer.requantization.table = nullptr;
  const kernels::ConvolutionKernel& kernel =
      geometry.is_depthwise ? backend.depthwise(layer) : backend.convolution(layer);
  const double macs = row_macs(layer, geometry.is_depthwise);
  const Rounds rounds = measured(kernel, made, macs, peak);
  const double gmacs = macs / rounds.row_seconds / 1e9;
  fmt::print("{:<34} {:<22} {:8.2f} {:9.2f} {:8.1f} {:6.0f} %\n", kernel.name, shape(layer),
             rounds.prepare_seconds * 1e6, rounds.row_seconds * 1e6, gmacs,
             100 * rounds.share_of_peak);
  return {{"kernel", kernel.name},
          {"shape", shape(layer)},
          {"prepare_us", rounds.prepare_seconds * 1e6},
          {"row_us", rounds.row_seconds * 1e6},
          {"gmacs", gmacs},
          {"share_of_peak", rounds.share_of_peak}};
}

void measure_backend(const kernels::Backend& backend) {
  nlohmann::ordered_json line = {{"backend", backend.name}};
  for (const WeightFormat format :
       {WeightFormat::kSigned8, WeightFormat::kSigned4, WeightFormat::kTernary2}) {
    const int bits = core::weight_bits(format);
    const IntegerPeak peak = integer_peak(backend.name, bits);
    line["peak_gmacs"][std::to_string(bits)] = peak.gmacs;
    fmt::print("Weights of {} bits. Peak of {}: {:.1f} GMAC/s on one thread\n", bits,
               peak.gmacs > 0 ? peak.instruction : "this back end unknown", peak.gmacs);
    fmt::print("{:<34} {:<22} {:>8} {:>9} {:>8} {:>8}\n", "kernel", "shape", "prepare", "row",
               "GMAC/s", "of peak");
    fmt::print("{:<34} {:<22} {:>8} {:>9}\n", "", "", "us", "us");
    for (Geometry geometry : geometries()) {
      geometry.format = format;
      line["layers"].push_back(measure_layer(backend, geometry, peak_loop(backend.name, bits)));
    }
  }
  fmt::print("{}\n", line.dump());
}

const kernels::Backend& backend_named(const std::string& name) {
  for (const kernels::Backend* const* next = kernels::kBackends; *next != nullptr; ++next) {
    if (name == (*next)->name && (*next)->is_supported()) return **next;
  }
  throw std::runtime_error("back end '" + name + "' is unknown or not supported here");
}

}  // namespace

void measure(std::span<char*> arguments) {
  measure_backend(arguments.empty() ? kernels::best_backend() : backend_named(arguments[0]));
}

}  // namespace coco_mcu
