#include "training/chain_lanes_cuda.h"
#include "training/chain_loops_cuda.h"
#include "training/chain_loops_generic.h"

namespace coco_mcu::training {
namespace {

constexpr unsigned kThreads = 256;        // of a block
constexpr std::int64_t kPixelsEach = 16;  // that a thread takes: floats add up so far
constexpr int kRangeSums = 6;             // inside, above, below; before and after

/// A block is `channels` wide and `rows` pixels high; the grid is blocks of pixels, pictures, and
/// slices of channels where there are more than threads.
struct Geometry {
  dim3 grid;
  dim3 block;
};

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

Geometry geometry_of(std::int64_t pictures, std::int64_t pixels, std::int64_t channels) {
  const auto width = static_cast<unsigned>(channels < kThreads ? channels : kThreads);
  const unsigned most_rows = kThreads / width;
  const auto rows = static_cast<unsigned>(pixels < most_rows ? pixels : most_rows);
  return {{static_cast<unsigned>(divide_up(pixels, rows * kPixelsEach)),
           static_cast<unsigned>(pictures), static_cast<unsigned>(divide_up(channels, width))},
          {width, rows, 1}};
}

Geometry geometry_of(const CudaChainInput& input) {
  return geometry_of(input.pictures, input.pixels, input.channels);
}

/// Where a thread works.
struct Place {
  std::int64_t channel;
  std::int64_t first;  // its pixel
  std::int64_t end;
  std::int64_t picture_at;  // of the picture's first float
  bool is_inside;

  __device__ explicit Place(const CudaChainInput& input)
      : channel(std::int64_t{blockIdx.z} * blockDim.x + threadIdx.x),
        first(std::int64_t{blockIdx.x} * blockDim.y * kPixelsEach + threadIdx.y),
        end(std::int64_t{blockIdx.x + 1} * blockDim.y * kPixelsEach),
        picture_at(std::int64_t{blockIdx.y} * input.pixels * input.channels),
        is_inside(channel < input.channels) {
    if (end > input.pixels) end = input.pixels;
  }
  /// Calls body(index of the float) for the thread's pixels.
  template <class Body>
  __device__ void for_each(const CudaChainInput& input, const Body& body) const {
    if (!is_inside) return;
    for (std::int64_t pixel = first; pixel < end; pixel += blockDim.y) {
      body(picture_at + pixel * input.channels + channel);
    }
  }
};

/// z of x at the thread's channel.
struct Map {
  CudaLane gain = CudaLane::all(0.0F);
  CudaLane shift = CudaLane::all(0.0F);

  __device__ Map(const CudaChainInput& input, const Place& place) {
    if (!place.is_inside) return;
    const std::int64_t row = input.has_gain_for_each_picture ? blockIdx.y : 0;
    gain = {input.gain[row * input.channels + place.channel]};
    shift = {input.shift[place.channel]};
  }
  __device__ CudaLane z(CudaLane x) const { return x * gain + shift; }
};

/// Adds two floats of every thread up over the rows of its block.
__device__ void store_channel_sums(const CudaChainInput& input, const Place& place, float first,
                                   float second, double* sums) {
  __shared__ float of_threads[2][kThreads];
  const unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
  of_threads[0][thread] = first;
  of_threads[1][thread] = second;
  __syncthreads();
  if (threadIdx.y != 0 || !place.is_inside) return;
  double totals[2] = {};
  for (unsigned row = 0; row < blockDim.y; ++row) {
    for (int i = 0; i < 2; ++i) {
      totals[i] += static_cast<double>(of_threads[i][row * blockDim.x + threadIdx.x]);
    }
  }
  double* const out =
      sums + (std::int64_t{blockIdx.y} * gridDim.x + blockIdx.x) * 2 * input.channels;
  for (int i = 0; i < 2; ++i) out[i * input.channels + place.channel] = totals[i];
}

/// Adds six floats of every thread up over its block.
__device__ void store_range_sums(const generic::RangeLanes<CudaLane>& before,
                                 const generic::RangeLanes<CudaLane>& after, double* range_sums) {
  __shared__ float of_threads[kRangeSums][kThreads];
  const unsigned thread = threadIdx.y * blockDim.x + threadIdx.x;
  const unsigned threads = blockDim.x * blockDim.y;
  const float values[kRangeSums] = {before.inside.value, before.above.value, before.below.value,
                                    after.inside.value,  after.above.value,  after.below.value};
  for (int i = 0; i < kRangeSums; ++i) of_threads[i][thread] = values[i];
  __syncthreads();
  for (unsigned i = thread; i < kRangeSums; i += threads) {
    double total = 0.0;
    for (unsigned other = 0; other < threads; ++other) {
      total += static_cast<double>(of_threads[i][other]);
    }
    const std::int64_t row =
        (std::int64_t{blockIdx.y} * gridDim.z + blockIdx.z) * gridDim.x + blockIdx.x;
    range_sums[row * kRangeSums + i] = total;
  }
}

__global__ void statistics_kernel(CudaChainInput input, double* sums) {
  const Place place(input);
  float sum = 0.0F;
  float squares = 0.0F;
  place.for_each(input, [&](std::int64_t index) {
    const float x = input.x[index];
    sum += x;
    squares += x * x;
  });
  store_channel_sums(input, place, sum, squares, sums);
}

template <class Chosen>
__global__ void forward_kernel(CudaChainInput input, Chosen chosen, float* y) {
  const Place place(input);
  const Map map(input, place);
  place.for_each(
      input, [&](std::int64_t index) { y[index] = chosen.forward(map.z({input.x[index]})).value; });
}

template <bool kLearns, class Chosen>
__global__ void backward_sums_kernel(CudaChainInput input, Chosen chosen, const float* dy,
                                     double* sums, double* range_sums) {
  const Place place(input);
  const Map map(input, place);
  float sum = 0.0F;
  float sum_x = 0.0F;
  generic::RangeLanes<CudaLane> before;
  generic::RangeLanes<CudaLane> after;
  place.for_each(input, [&](std::int64_t index) {
    const CudaLane x = {input.x[index]};
    const float dz = chosen.template backward<kLearns>(map.z(x), {dy[index]}, before, after).value;
    sum += dz;
    sum_x += dz * x.value;
  });
  store_channel_sums(input, place, sum, sum_x, sums);
  if constexpr (kLearns) store_range_sums(before, after, range_sums);
}

template <class Chosen>
__global__ void backward_input_kernel(CudaChainInput input, Chosen chosen, const float* dy,
                                      const float* by_x, const float* constant, float* dx) {
  const Place place(input);
  const Map map(input, place);
  if (!place.is_inside) return;
  const CudaLane factor = {by_x[place.channel]};
  const CudaLane summand = {constant[place.channel]};
  generic::RangeLanes<CudaLane> unused;
  place.for_each(input, [&](std::int64_t index) {
    const CudaLane x = {input.x[index]};
    const CudaLane dz = chosen.template backward<false>(map.z(x), {dy[index]}, unused, unused);
    dx[index] = (map.gain * dz + (x * factor + summand)).value;
  });
}

}  // namespace

CudaChainSums cuda_chain_sums(std::int64_t pixels, std::int64_t channels) {
  const Geometry geometry = geometry_of(1, pixels, channels);
  return {geometry.grid.x, std::int64_t{geometry.grid.x} * geometry.grid.z};
}

void cuda_chain_statistics(const CudaChainInput& input, double* sums) {
  const Geometry geometry = geometry_of(input);
  statistics_kernel<<<geometry.grid, geometry.block>>>(input, sums);
}

void cuda_chain_forward(const CudaChainInput& input, const ChainFunctions& functions, float* y) {
  const Geometry geometry = geometry_of(input);
  generic::with_functions<CudaLane>(functions, [&](auto chosen) {
    forward_kernel<<<geometry.grid, geometry.block>>>(input, chosen, y);
  });
}

void cuda_chain_backward_sums(const CudaChainInput& input, const ChainFunctions& functions,
                              const float* dy, double* sums, double* range_sums) {
  const Geometry geometry = geometry_of(input);
  generic::with_functions<CudaLane>(functions, [&](auto chosen) {
    if (range_sums != nullptr) {
      backward_sums_kernel<true>
          <<<geometry.grid, geometry.block>>>(input, chosen, dy, sums, range_sums);
    } else {
      backward_sums_kernel<false>
          <<<geometry.grid, geometry.block>>>(input, chosen, dy, sums, range_sums);
    }
  });
}

void cuda_chain_backward_input(const CudaChainInput& input, const ChainFunctions& functions,
                               const float* dy, const float* by_x, const float* constant,
                               float* dx) {
  const Geometry geometry = geometry_of(input);
  generic::with_functions<CudaLane>(functions, [&](auto chosen) {
    backward_input_kernel<<<geometry.grid, geometry.block>>>(input, chosen, dy, by_x, constant, dx);
  });
}

}  // namespace coco_mcu::training
