// What goes code by code is the same in every back end, to the last bit.

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/backends_under_test.h"
#include "tests/support/random_layer.h"

namespace coco_mcu::kernels {
namespace {

using testing::Bytes;
using ::testing::Eq;
using testing::Random;
using testing::RandomRequantization;

std::size_t to_size(int count) {
  return static_cast<std::size_t>(count);
}

class EachElementwise : public EachBackend {
 protected:
  Bytes random_codes(std::size_t count) {
    return {random_.bytes(count), to_size(random_.size(0, 7))};
  }
  Bytes copy_of(const Bytes& bytes) { return {bytes.values(), to_size(random_.size(0, 7))}; }
  GuardedCodes room_for(std::size_t count) { return {count, to_size(random_.size(0, 7))}; }

  Random random_{11};
};

TEST_P(EachElementwise, Add) {
  for (int count = 1; count < 300; ++count) {
    const RandomRequantization requantization(random_, 2 * 510 * 32768, 1);
    Add layer;
    layer.requantization = requantization.rule;
    layer.requantization.is_uniform = true;
    for (auto& factor : layer.factors) {
      factor =
          static_cast<std::int16_t>(random_.once_in(4) ? -32768 : random_.between(-32768, 32767));
    }
    for (auto& zero_point : layer.zero_points) {
      zero_point = random_.once_in(4) ? -255 : random_.size(0, 255);
    }
    const Bytes x = random_codes(to_size(count));
    const Bytes y = random_codes(to_size(count));
    GuardedCodes expected = room_for(to_size(count));
    kReferenceBackend.add(layer, x.data(), y.data(), to_size(count), expected.data());
    GuardedCodes out = room_for(to_size(count));
    GetParam()->add(layer, x.data(), y.data(), to_size(count), out.data());
    ASSERT_THAT(out.values(), Eq(expected.values())) << count << " codes";
    const Bytes onto_x = copy_of(x);
    GetParam()->add(layer, onto_x.data(), y.data(), to_size(count), onto_x.data());
    ASSERT_THAT(onto_x.values(), Eq(expected.values())) << count << " codes onto the first";
    const Bytes onto_y = copy_of(y);
    GetParam()->add(layer, x.data(), onto_y.data(), to_size(count), onto_y.data());
    ASSERT_THAT(onto_y.values(), Eq(expected.values())) << count << " codes onto the second";
  }
}

TEST_P(EachElementwise, Multiply) {
  for (int i = 0; i < 500; ++i) {
    const RandomRequantization requantization(random_, 600 * 600, 1);
    Multiply layer;
    layer.width = random_.size(1, 40);
    layer.channels = random_.size(1, random_.once_in(10) ? 1100 : 100);
    layer.zero_point = random_.size(-300, 300);
    layer.by_zero_point = random_.once_in(3) ? -255 : random_.size(-300, 300);
    layer.factor = random_.once_in(2) ? layer.width : random_.size(1, 5);
    layer.offset = layer.factor == layer.width ? 0 : random_.size(0, 3);
    layer.requantization = requantization.rule;
    layer.requantization.is_uniform = true;
    const std::size_t count = to_size(layer.width) * to_size(layer.channels);
    const int by_width = (layer.width - 1 + layer.offset) / layer.factor + 1;
    const Bytes x = random_codes(count);
    const Bytes by = random_codes(to_size(by_width) * to_size(layer.channels));
    GuardedCodes expected = room_for(count);
    kReferenceBackend.multiply_row(layer, x.data(), by.data(), expected.data());
    GuardedCodes out = room_for(count);
    GetParam()->multiply_row(layer, x.data(), by.data(), out.data());
    ASSERT_THAT(out.values(), Eq(expected.values()))
        << layer.width << " x " << layer.channels << ", factor " << layer.factor;
    GetParam()->multiply_row(layer, x.data(), by.data(), x.data());
    ASSERT_THAT(x.values(), Eq(expected.values())) << "in place";
  }
}

TEST_P(EachElementwise, MultiplyWithFarZeroPoints) {
  const RandomRequantization requantization(random_, 40000LL * 600, 1);
  Multiply layer;
  layer.width = 3;
  layer.channels = 50;
  layer.zero_point = -39000;
  layer.by_zero_point = -100;
  layer.requantization = requantization.rule;
  layer.requantization.is_uniform = true;
  const Bytes x = random_codes(150);
  const Bytes by = random_codes(150);
  GuardedCodes expected = room_for(150);
  GuardedCodes out = room_for(150);
  kReferenceBackend.multiply_row(layer, x.data(), by.data(), expected.data());
  GetParam()->multiply_row(layer, x.data(), by.data(), out.data());
  EXPECT_THAT(out.values(), Eq(expected.values()));
}

TEST_P(EachElementwise, SumPixels) {
  for (int i = 0; i < 400; ++i) {
    const std::size_t channels = to_size(random_.size(1, random_.once_in(4) ? 300 : 70));
    const std::size_t pixels = to_size(random_.size(1, random_.once_in(4) ? 2000 : 50));
    const Bytes x = i % 4 == 0 ? Bytes(pixels * channels, 3, 255) : random_codes(pixels * channels);
    std::vector<std::int32_t> expected(channels);
    for (auto& sum : expected) sum = static_cast<std::int32_t>(random_.between(0, 100000));
    std::vector<std::int32_t> sums = expected;
    kReferenceBackend.sum_pixels(x.data(), pixels, channels, expected.data());
    GetParam()->sum_pixels(x.data(), pixels, channels, sums.data());
    ASSERT_THAT(sums, Eq(expected)) << pixels << " x " << channels;
  }
}

TEST_P(EachElementwise, MaxPool) {
  for (int i = 0; i < 400; ++i) {
    MaxPool layer;
    layer.kernel = random_.size(1, 3);
    layer.stride = random_.size(1, 3);
    layer.in_width = layer.kernel + random_.size(0, 40);
    layer.out_width = (layer.in_width - layer.kernel) / layer.stride + 1;
    layer.channels = random_.size(1, 140);
    std::vector<Bytes> codes;
    std::vector<const std::uint8_t*> rows;
    for (int row = 0; row < layer.kernel; ++row) {
      codes.push_back(random_codes(to_size(layer.in_width) * to_size(layer.channels)));
      rows.push_back(codes.back().data());
    }
    const std::size_t count = to_size(layer.out_width) * to_size(layer.channels);
    GuardedCodes expected = room_for(count);
    GuardedCodes out = room_for(count);
    kReferenceBackend.max_pool_row(layer, rows.data(), expected.data());
    GetParam()->max_pool_row(layer, rows.data(), out.data());
    ASSERT_THAT(out.values(), Eq(expected.values()))
        << layer.in_width << " x " << layer.channels << ", kernel " << layer.kernel;
  }
}

TEST_P(EachElementwise, Lookup) {
  for (std::size_t count = 1; count < 400; ++count) {
    const auto table = random_.bytes(256);
    const Bytes x = random_codes(count);
    GuardedCodes expected = room_for(count);
    GuardedCodes out = room_for(count);
    kReferenceBackend.lookup(table.data(), x.data(), count, expected.data());
    GetParam()->lookup(table.data(), x.data(), count, out.data());
    ASSERT_THAT(out.values(), Eq(expected.values())) << count << " codes";
    GetParam()->lookup(table.data(), x.data(), count, x.data());
    ASSERT_THAT(x.values(), Eq(expected.values())) << count << " codes in place";
  }
}

TEST_P(EachElementwise, LookupOfEachCode) {
  const auto table = random_.bytes(256);
  std::vector<std::uint8_t> codes(256);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  GetParam()->lookup(table.data(), codes.data(), codes.size(), codes.data());
  EXPECT_THAT(codes, Eq(table));
}

INSTANTIATE_TEST_SUITE_P(, EachElementwise, ::testing::ValuesIn(backends_under_test()),
                         backend_name);

}  // namespace
}  // namespace coco_mcu::kernels
