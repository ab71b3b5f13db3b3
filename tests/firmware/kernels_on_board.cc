// The main program of a firmware that is built and simulated by on_board.cmake: the fastest back
// end of the processor makes the bits of the reference on random layers. Prints the first layer
// that differs and ends with 1.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "firmware/device/memory_map.h"
#include "firmware/device/semihosting.h"
#include "kernels/kernels.h"
#include "tests/support/random_layer.h"

namespace {

/// Memory of one comparison: taken one piece behind the other, given back all at once.
std::uint8_t* next_free = coco_mcu_arena_begin;

void* take(std::size_t bytes) {
  next_free += (64 - reinterpret_cast<std::uintptr_t>(next_free) % 64) % 64;
  void* taken = next_free;
  next_free += bytes;
  if (next_free > coco_mcu_arena_end) {
    coco_mcu::firmware::print("error: a test needs more memory\n");
    coco_mcu::firmware::exit_with(1);
  }
  return taken;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return take(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t /*alignment*/) {
  return take(bytes);
}
void operator delete(void* /*memory*/) noexcept {}
void operator delete(void* /*memory*/, std::size_t /*bytes*/) noexcept {}
void operator delete(void* /*memory*/, std::align_val_t /*alignment*/) noexcept {}
void operator delete(void* /*memory*/, std::size_t /*bytes*/,
                     std::align_val_t /*alignment*/) noexcept {}

/// What the C library ends with, and the heap that it cannot have.
extern "C" void _exit(int status) {
  coco_mcu::firmware::exit_with(status);
}
extern "C" void* _sbrk(std::ptrdiff_t /*bytes*/) {
  return reinterpret_cast<void*>(-1);
}

namespace coco_mcu {
namespace {

using firmware::print;
using firmware::print_figure;
using testing::Geometry;
using testing::Random;
using testing::RandomConvolution;

constexpr int kRounds = 500;
constexpr int kChannels[] = {1,  2,  3,  4,  5,  7,  8,  9,  12, 15,
                             16, 17, 20, 24, 25, 31, 32, 33, 40, 64};
constexpr std::uint8_t kFill = 0x5A;
constexpr std::size_t kGuard = 64;

std::vector<std::uint8_t> codes_of(const kernels::ConvolutionKernel& kernel,
                                   const RandomConvolution& made) {
  std::vector<std::uint8_t> scratch(kernel.scratch_bytes(made.layer));
  std::vector<std::uint8_t> out(kGuard + made.out_bytes() + kGuard, kFill);
  kernel.prepare(made.layer, scratch.data());
  kernel.row(made.layer, scratch.data(), made.rows(), out.data() + kGuard);
  return out;
}

void differ(const char* kernel, const Geometry& g, std::size_t at) {
  print("error: ");
  print(kernel);
  print(" differs from the reference\n");
  print_figure("width", static_cast<std::uint32_t>(g.in_width));
  print_figure("in_channels", static_cast<std::uint32_t>(g.in_channels));
  print_figure("out_channels", static_cast<std::uint32_t>(g.out_channels));
  print_figure("kernel", static_cast<std::uint32_t>(g.kernel));
  print_figure("stride", static_cast<std::uint32_t>(g.stride));
  print_figure("padding", static_cast<std::uint32_t>(g.padding));
  print_figure("format", static_cast<std::uint32_t>(g.format));
  print_figure("byte", static_cast<std::uint32_t>(at));
  firmware::exit_with(1);
}

/// TensorFlow Lite's numbers of each channel for sums of at most `magnitude`.
std::vector<std::int32_t> random_twice(Random& random, std::int64_t magnitude, int channels) {
  constexpr std::int32_t kMostBias = 1 << 20;
  int left = 0;
  while (left < 4 && (magnitude + kMostBias) << (left + 1) < std::int64_t{1} << 31) ++left;
  std::vector<std::int32_t> numbers;
  for (int channel = 0; channel < channels; ++channel) {
    numbers.push_back(static_cast<std::int32_t>(random.between(0, 0x7FFFFFFF)));
    numbers.push_back(static_cast<std::int32_t>(random.between(-kMostBias, kMostBias)));
    numbers.push_back(static_cast<std::int32_t>(random.between(-left, 16)));
  }
  return numbers;
}

void compare_convolution(Random& random, const Geometry& geometry) {
  next_free = coco_mcu_arena_begin;
  const kernels::Backend& backend = kernels::best_backend();
  RandomConvolution made(random, geometry);
  std::vector<std::int32_t> twice;
  if (core::weight_bits(geometry.format) != 2 && random.once_in(4)) {
    const int depth = geometry.is_depthwise ? 1 : geometry.in_channels;
    twice = random_twice(random,
                         std::int64_t{geometry.kernel} * geometry.kernel * depth * 510 *
                             core::weight_magnitude(geometry.format),
                         geometry.out_channels);
    made.layer.requantization.twice = twice.data();
    made.layer.requantization.zero_point = static_cast<std::uint8_t>(random.size(0, 255));
  }
  const auto kernel_of = [&](const kernels::Backend& of) -> const kernels::ConvolutionKernel& {
    return geometry.is_depthwise ? of.depthwise(made.layer) : of.convolution(made.layer);
  };
  const std::vector<std::uint8_t> expected = codes_of(kernel_of(kernels::kReferenceBackend), made);
  const std::vector<std::uint8_t> actual = codes_of(kernel_of(backend), made);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (actual[i] != expected[i]) differ(kernel_of(backend).name, geometry, i);
  }
}

/// A row of a multiplication, whose second operand is coarser.
void compare_multiplication(Random& random) {
  next_free = coco_mcu_arena_begin;
  kernels::Multiply layer;
  layer.width = random.size(1, 30);
  layer.channels = random.one_of(kChannels);
  layer.zero_point = random.once_in(4) ? -255 : random.size(0, 255);
  layer.by_zero_point = random.once_in(4) ? -255 : random.size(0, 255);
  layer.factor = random.size(1, 8);
  layer.offset = random.size(0, layer.factor - 1);
  const testing::RandomRequantization rule(random, 510 * 510,
                                           static_cast<std::size_t>(layer.channels));
  layer.requantization = rule.rule;
  layer.requantization.is_uniform = true;
  const auto codes = static_cast<std::size_t>(layer.width * layer.channels);
  const auto x = random.bytes(codes);
  const auto by = random.bytes(static_cast<std::size_t>(
      ((layer.width - 1 + layer.offset) / layer.factor + 1) * layer.channels));
  std::vector<std::uint8_t> expected(codes);
  std::vector<std::uint8_t> actual(codes);
  kernels::kReferenceBackend.multiply_row(layer, x.data(), by.data(), expected.data());
  kernels::best_backend().multiply_row(layer, x.data(), by.data(), actual.data());
  if (actual == expected) return;
  print("error: a multiplication differs from the reference\n");
  print_figure("channels", static_cast<std::uint32_t>(layer.channels));
  firmware::exit_with(1);
}

/// Codes alone: sums, tables, additions, pools.
void compare_elementwise(Random& random) {
  next_free = coco_mcu_arena_begin;
  const kernels::Backend& fast = kernels::best_backend();
  const kernels::Backend& plain = kernels::kReferenceBackend;
  const auto channels = static_cast<std::size_t>(random.one_of(kChannels));
  const auto pixels = static_cast<std::size_t>(random.size(1, 400));
  const auto random_codes = [&] {
    const std::vector<std::uint8_t> codes =
        random.once_in(4)
            ? std::vector<std::uint8_t>(channels * pixels, random.once_in(2) ? 255 : 0)
            : random.bytes(channels * pixels);
    return testing::Bytes(codes, static_cast<std::size_t>(random.size(0, 7)));
  };
  const testing::Bytes x = random_codes();
  const testing::Bytes y = random_codes();
  const std::size_t count = channels * pixels;
  std::vector<std::int32_t> sums[2] = {std::vector<std::int32_t>(channels, 7),
                                       std::vector<std::int32_t>(channels, 7)};
  plain.sum_pixels(x.data(), pixels, channels, sums[0].data());
  fast.sum_pixels(x.data(), pixels, channels, sums[1].data());
  bool agrees = sums[0] == sums[1];

  std::vector<std::uint8_t> codes[2] = {std::vector<std::uint8_t>(count),
                                        std::vector<std::uint8_t>(count)};
  const auto table = random.bytes(256);
  plain.lookup(table.data(), x.data(), count, codes[0].data());
  fast.lookup(table.data(), x.data(), count, codes[1].data());
  agrees = agrees && codes[0] == codes[1];

  kernels::Add add;
  for (int i = 0; i < 2; ++i) {
    add.factors[i] = static_cast<std::int16_t>(random.between(-16384, 16384));
    add.zero_points[i] = random.size(0, 255);
  }
  const testing::RandomRequantization rule(random, 2 * 255 * 16384, 1);
  add.requantization = rule.rule;
  add.requantization.is_uniform = true;
  plain.add(add, x.data(), y.data(), count, codes[0].data());
  fast.add(add, x.data(), y.data(), count, codes[1].data());
  agrees = agrees && codes[0] == codes[1];

  kernels::MaxPool pool;
  pool.kernel = random.size(1, 3);
  pool.stride = random.size(1, 3);
  pool.channels = static_cast<std::int32_t>(channels);
  pool.in_width = static_cast<std::int32_t>(pixels);
  pool.out_width = (pool.in_width - pool.kernel) / pool.stride + 1;
  const std::uint8_t* const rows[3] = {x.data(), y.data(), x.data()};
  if (pool.in_width >= pool.kernel) {
    plain.max_pool_row(pool, rows, codes[0].data());
    fast.max_pool_row(pool, rows, codes[1].data());
  }
  if (agrees && codes[0] == codes[1]) return;
  print("error: sums, tables, additions or pools differ from the reference\n");
  print_figure("channels", static_cast<std::uint32_t>(channels));
  firmware::exit_with(1);
}

Geometry random_geometry(Random& random) {
  Geometry geometry;
  geometry.format = random.one_of(core::kWeightFormats);
  geometry.is_depthwise = random.once_in(3);
  geometry.kernel = random.one_of({1, 1, 3, 5, 2});
  if (geometry.is_depthwise && geometry.kernel < 3) geometry.kernel = 3;
  geometry.stride = random.size(1, 3);
  if (geometry.kernel == 1) geometry.stride = random.once_in(4) ? 2 : 1;
  geometry.padding = random.size(0, geometry.kernel / 2);
  geometry.in_width = geometry.kernel + random.size(0, 20);
  if (geometry.is_depthwise && random.once_in(4)) geometry.in_width += 120;  // several strips
  geometry.in_channels = random.one_of(kChannels);
  if (geometry.kernel == 1 && random.once_in(3)) geometry.in_channels = random.size(40, 600);
  geometry.out_channels = geometry.is_depthwise ? geometry.in_channels : random.one_of(kChannels);
  return geometry;
}

}  // namespace
}  // namespace coco_mcu

int main() {
  coco_mcu::testing::Random random(11);
  for (int round = 0; round < coco_mcu::kRounds; ++round) {
    coco_mcu::compare_convolution(random, coco_mcu::random_geometry(random));
    coco_mcu::compare_multiplication(random);
    if (round % 8 == 0) coco_mcu::compare_elementwise(random);
  }
  coco_mcu::firmware::print_figure("compared", coco_mcu::kRounds);
  return 0;
}
