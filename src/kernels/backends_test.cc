// Every back end makes the bits of the reference.

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/backends_under_test.h"
#include "tests/support/random_layer.h"

namespace coco_mcu::kernels {

/// How GoogleTest prints a parameter.
namespace {

using core::WeightFormat;
using testing::Bytes;
using ::testing::Eq;
using testing::Geometry;
using ::testing::HasSubstr;
using testing::Random;
using testing::RandomConvolution;
using ::testing::StartsWith;

constexpr WeightFormat kFormats[] = {WeightFormat::kTernary2, WeightFormat::kFourLevel2,
                                     WeightFormat::kSigned4, WeightFormat::kSigned8};

/// Channels around the widths of vectors and blocks, primes, and those of the networks.
constexpr int kChannels[] = {1,  2,  3,  4,  5,  7,  8,   9,   11,  12,  13,  15,  16, 17,
                             19, 23, 24, 27, 31, 32, 33,  40,  43,  47,  48,  49,  51, 63,
                             64, 65, 72, 81, 96, 97, 127, 128, 129, 175, 251, 256, 257};

std::string described(const Geometry& g) {
  return "width " + std::to_string(g.in_width) + ", channels " + std::to_string(g.in_channels) +
         " to " + std::to_string(g.out_channels) + ", kernel " + std::to_string(g.kernel) +
         ", stride " + std::to_string(g.stride) + ", padding " + std::to_string(g.padding) +
         ", bits " + std::to_string(core::weight_bits(g.format));
}

std::vector<std::uint8_t> codes_of(const ConvolutionKernel& kernel, const RandomConvolution& made,
                                   std::size_t misalignment) {
  const Bytes scratch(kernel.scratch_bytes(made.layer));
  GuardedCodes out(made.out_bytes(), misalignment);
  kernel.prepare(made.layer, scratch.data());
  kernel.row(made.layer, scratch.data(), made.rows(), out.data());
  const auto first = out.values();
  kernel.row(made.layer, scratch.data(), made.rows(), out.data());
  EXPECT_THAT(out.values(), Eq(first)) << "a second row with the same scratch";
  return first;
}

void compare(const Backend& backend, Random& random, const Geometry& geometry) {
  const RandomConvolution made(random, geometry);
  const auto misalignment = static_cast<std::size_t>(random.between(0, 7));
  const auto& kernel =
      geometry.is_depthwise ? backend.depthwise(made.layer) : backend.convolution(made.layer);
  const auto& expected = geometry.is_depthwise ? kReferenceBackend.depthwise(made.layer)
                                               : kReferenceBackend.convolution(made.layer);
  ASSERT_THAT(codes_of(kernel, made, misalignment), Eq(codes_of(expected, made, 0)))
      << kernel.name << ": " << described(geometry);
}

class EachBackendTest : public EachBackend {};

TEST_P(EachBackendTest, Pointwise) {
  Random random(1);
  for (const int channels : kChannels) {
    for (const WeightFormat format : kFormats) {
      Geometry geometry;
      geometry.in_width = random.size(2, 40);
      geometry.in_channels = channels;
      geometry.out_channels = random.one_of(kChannels);
      geometry.format = format;
      compare(*GetParam(), random, geometry);
      std::swap(geometry.in_channels, geometry.out_channels);
      compare(*GetParam(), random, geometry);
    }
  }
}

TEST_P(EachBackendTest, PointwiseOfEachWidth) {
  Random random(2);
  for (int width = 1; width <= 110; ++width) {
    Geometry geometry;
    geometry.in_width = width;
    geometry.in_channels = random.size(1, 40);
    geometry.out_channels = random.size(1, 60);
    geometry.format = random.one_of(kFormats);
    compare(*GetParam(), random, geometry);
  }
}

TEST_P(EachBackendTest, FullyConnected) {
  Random random(3);
  for (const int channels : kChannels) {
    for (const WeightFormat format : kFormats) {
      Geometry geometry;
      geometry.in_channels = channels;
      geometry.out_channels = random.one_of(kChannels);
      geometry.format = format;
      compare(*GetParam(), random, geometry);
    }
  }
}

TEST_P(EachBackendTest, ConvolutionOfAnyWindow) {
  Random random(4);
  for (int i = 0; i < 600; ++i) {
    Geometry geometry;
    geometry.kernel = random.size(1, 5);
    geometry.stride = random.size(1, 3);
    geometry.padding = random.size(0, geometry.kernel / 2);
    geometry.behind = geometry.kernel > 1 ? random.size(0, 1) : 0;
    geometry.in_width = geometry.kernel + random.size(0, 40);
    geometry.in_channels = random.size(1, random.once_in(4) ? 40 : 8);
    geometry.out_channels = random.size(1, 40);
    geometry.format = random.one_of(kFormats);
    compare(*GetParam(), random, geometry);
  }
}

TEST_P(EachBackendTest, WindowsWiderThanTheirRow) {
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    Geometry geometry;
    geometry.is_depthwise = random.once_in(2);
    geometry.kernel = random.one_of({3, 5});
    geometry.stride = random.size(1, 3);
    geometry.padding = geometry.kernel / 2;
    geometry.in_width = random.size(1, geometry.kernel);
    geometry.in_channels = geometry.out_channels = random.one_of(kChannels);
    geometry.format = random.one_of(kFormats);
    compare(*GetParam(), random, geometry);
  }
}

TEST_P(EachBackendTest, DepthwiseOfEachNumberOfChannels) {
  Random random(6);
  for (const int channels : kChannels) {
    for (const WeightFormat format : kFormats) {
      for (const int kernel : {3, 5}) {
        Geometry geometry;
        geometry.is_depthwise = true;
        geometry.kernel = kernel;
        geometry.stride = random.size(1, 3);
        geometry.padding = random.size(0, kernel / 2);
        geometry.in_width = kernel + random.size(0, 20);
        geometry.in_channels = geometry.out_channels = channels;
        geometry.format = format;
        compare(*GetParam(), random, geometry);
      }
    }
  }
}

TEST_P(EachBackendTest, DepthwiseOfAnyWindow) {
  Random random(7);
  for (int i = 0; i < 600; ++i) {
    Geometry geometry;
    geometry.is_depthwise = true;
    geometry.kernel = random.size(1, 7);
    geometry.stride = random.size(1, 3);
    geometry.padding = random.size(0, geometry.kernel / 2);
    geometry.behind = geometry.kernel > 1 ? random.size(0, 1) : 0;
    geometry.in_width = geometry.kernel + random.size(0, 40);
    geometry.in_channels = geometry.out_channels = random.size(1, 40);
    geometry.format = random.one_of(kFormats);
    compare(*GetParam(), random, geometry);
  }
}

TEST_P(EachBackendTest, LongSumsOfTheLargestWeights) {
  Random random(8);
  for (int i = 0; i < 48; ++i) {  // one in four is extreme
    Geometry geometry;
    geometry.in_width = random.size(1, 3);
    geometry.in_channels = random.size(1500, 3000);
    geometry.out_channels = random.size(1, 20);
    geometry.format = kFormats[i % 4];
    compare(*GetParam(), random, geometry);
  }
}

TEST_P(EachBackendTest, NamesSayOperationBitsAndInstructionSet) {
  Convolution layer;
  layer.kernel = 3;
  layer.format = WeightFormat::kFourLevel2;
  EXPECT_THAT(GetParam()->depthwise(layer).name, StartsWith("depthwise_3x3_2w8a_"));
  layer.format = WeightFormat::kSigned4;
  EXPECT_THAT(GetParam()->convolution(layer).name, StartsWith("convolution_4w8a_"));
  layer.kernel = 1;
  layer.out_width = 2;
  EXPECT_THAT(GetParam()->convolution(layer).name, StartsWith("pointwise_4w8a_"));
  layer.out_width = 1;
  layer.format = WeightFormat::kSigned8;
  EXPECT_THAT(GetParam()->convolution(layer).name, StartsWith("fully_connected_8w8a_"));
  EXPECT_THAT(std::string(GetParam()->name),
              HasSubstr(std::string(GetParam()->convolution(layer).name).substr(21)));
}

INSTANTIATE_TEST_SUITE_P(, EachBackendTest, ::testing::ValuesIn(backends_under_test()),
                         backend_name);

TEST(Backends, EndWithTheReference) {
  const Backend* const* last = kBackends;
  while (last[1] != nullptr) ++last;
  EXPECT_EQ(*last, &kReferenceBackend);
}

TEST(Backends, TheBestIsTheFirstThatIsSupported) {
  const Backend& best = best_backend();
  EXPECT_TRUE(best.is_supported());
  for (const Backend* const* other = kBackends; *other != &best; ++other) {
    EXPECT_FALSE((*other)->is_supported()) << (*other)->name;
  }
}

}  // namespace
}  // namespace coco_mcu::kernels
