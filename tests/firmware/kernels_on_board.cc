// Runs in the simulator: the fastest back end of a processor makes the bits of the reference on
// random layers. Prints the first layer that differs and ends with 1.

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

constexpr int kRounds = 400;
constexpr int kChannels[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 24, 25, 31, 32, 33, 40, 64};
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

void compare(Random& random, const Geometry& geometry) {
  next_free = coco_mcu_arena_begin;
  const kernels::Backend& backend = kernels::best_backend();
  const RandomConvolution made(random, geometry);
  const auto kernel_of = [&](const kernels::Backend& of) -> const kernels::ConvolutionKernel& {
    return geometry.is_depthwise ? of.depthwise(made.layer) : of.convolution(made.layer);
  };
  const std::vector<std::uint8_t> expected = codes_of(kernel_of(kernels::kReferenceBackend), made);
  const std::vector<std::uint8_t> actual = codes_of(kernel_of(backend), made);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (actual[i] != expected[i]) { for (std::size_t j = kGuard; j < expected.size() - kGuard && j < kGuard + 24; ++j) { print_figure("e", expected[j]); print_figure("a", actual[j]); } const auto& r = made.layer.requantization; print_figure("l", r.left_shift); print_figure("s", r.shift); print_figure("e", r.offset_shift); print_figure("low", r.low); print_figure("high", r.high); print_figure("tab", r.table != nullptr); print_figure("uni", r.is_uniform); print_figure("zp", made.layer.zero_point); } if (actual[i] != expected[i]) differ(kernel_of(backend).name, geometry, i);
  }
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
  geometry.in_channels = random.one_of(kChannels);
  if (geometry.kernel == 1 && random.once_in(3)) geometry.in_channels = random.size(40, 600);
  geometry.out_channels =
      geometry.is_depthwise ? geometry.in_channels : random.one_of(kChannels);
  return geometry;
}

}  // namespace
}  // namespace coco_mcu

int main() {
  coco_mcu::testing::Random random(11);
  for (int round = 0; round < coco_mcu::kRounds; ++round) {
    coco_mcu::compare(random, coco_mcu::random_geometry(random));
  }
  coco_mcu::firmware::print_figure("compared", coco_mcu::kRounds);
  return 0;
}
