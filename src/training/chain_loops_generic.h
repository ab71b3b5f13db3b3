// The loops of chain_loops.h as templates over a type of eight floats (PortableLanes, Avx2Lanes).
// Everything is a template over it, so that no instruction set reaches another's functions.
#pragma once

#include "training/chain_loops.h"

/// What CUDA's kernels call, too.
#ifdef __CUDACC__
#define COCO_MCU_LANES __host__ __device__
#else
#define COCO_MCU_LANES
#endif

namespace coco_mcu::training::generic {

constexpr std::int64_t kTilesPerGroup = 64;  // floats add up so long, then doubles take over

/// How a body reads and writes a whole vector, or the rest of a row.
template <class Lanes>
struct Whole {
  Lanes load(const float* from) const { return Lanes::load(from); }
  void store(Lanes value, float* to) const { value.store(to); }
};

template <class Lanes>
struct Rest {
  std::int64_t count;

  Lanes load(const float* from) const {
    float values[Lanes::kCount] = {};
    for (std::int64_t i = 0; i < count; ++i) values[i] = from[i];
    return Lanes::load(values);
  }
  void store(Lanes value, float* to) const {
    float values[Lanes::kCount];
    value.store(values);
    for (std::int64_t i = 0; i < count; ++i) to[i] = values[i];
  }
};

/// Calls body(index into the picture, index into the tile, access) for each vector.
template <class Lanes, class Body>
void for_each_vector(std::int64_t begin, std::int64_t end, std::int64_t tile, const Body& body) {
  for (std::int64_t start = begin; start < end; start += tile) {
    const std::int64_t count = tile < end - start ? tile : end - start;
    std::int64_t i = 0;
    for (; i + Lanes::kCount <= count; i += Lanes::kCount) body(start + i, i, Whole<Lanes>{});
    if (i < count) body(start + i, i, Rest<Lanes>{count - i});
  }
}

template <class Lanes>
struct GridLanes {
  Lanes scale;
  Lanes inverse;
  Lanes low;
  Lanes high;

  COCO_MCU_LANES explicit GridLanes(const ChainGrid& grid)
      : scale(Lanes::all(grid.scale)),
        inverse(Lanes::all(grid.inverse)),
        low(Lanes::all(grid.low)),
        high(Lanes::all(grid.high)) {}

  /// (clamp(v) - low) / scale
  COCO_MCU_LANES Lanes units(Lanes v) const {
    return (Lanes::at_most(high, Lanes::at_least(low, v)) - low) * inverse;
  }
  COCO_MCU_LANES static Lanes code(Lanes units) { return Lanes::floor(units + Lanes::all(0.5F)); }
  COCO_MCU_LANES Lanes quantize(Lanes v) const { return code(units(v)) * scale + low; }
  COCO_MCU_LANES Lanes where_inside(Lanes v, Lanes gradient) const {
    return Lanes::where_not_above(low, v, Lanes::where_not_above(v, high, gradient));
  }
};

template <class Lanes>
struct RangeLanes {
  Lanes inside = Lanes::all(0.0F);
  Lanes above = Lanes::all(0.0F);
  Lanes below = Lanes::all(0.0F);

  COCO_MCU_LANES void add(const GridLanes<Lanes>& grid, Lanes v, Lanes gradient,
                          Lanes gradient_inside) {
    const Lanes units = grid.units(v);
    inside = inside + gradient_inside * (GridLanes<Lanes>::code(units) - units);
    above = above + Lanes::where_less(grid.high, v, gradient);
    below = below + Lanes::where_less(v, grid.low, gradient);
  }
};

template <class Lanes>
double total(Lanes value) {
  float values[Lanes::kCount];
  value.store(values);
  double sum = 0.0;
  for (const float lane : values) sum += static_cast<double>(lane);
  return sum;
}

template <class Lanes>
void add_totals(const RangeLanes<Lanes>& lanes, RangeSums& sums) {
  sums.inside += total(lanes.inside);
  sums.above += total(lanes.above);
  sums.below += total(lanes.below);
}

template <Activation kActivation, class Lanes>
COCO_MCU_LANES Lanes activate(Lanes a) {
  const Lanes zero = Lanes::all(0.0F);
  if constexpr (kActivation == Activation::kNone) return a;
  if constexpr (kActivation == Activation::kRelu) return Lanes::at_least(zero, a);
  const Lanes six = Lanes::all(6.0F);
  if constexpr (kActivation == Activation::kHardSwish || kActivation == Activation::kHardSigmoid) {
    const Lanes ramp = Lanes::at_most(six, Lanes::at_least(zero, a + Lanes::all(3.0F)));
    return (kActivation == Activation::kHardSwish ? a * ramp : ramp) / six;
  }
  const Lanes one = Lanes::all(1.0F);
  return one / (one + Lanes::exp(zero - a)) + one;
}

/// gradient * activation'(a), with the conventions of libtorch where the function has a corner.
template <Activation kActivation, class Lanes>
COCO_MCU_LANES Lanes through_activation(Lanes a, Lanes gradient) {
  const Lanes zero = Lanes::all(0.0F);
  const Lanes one = Lanes::all(1.0F);
  const Lanes three = Lanes::all(3.0F);
  const Lanes minus_three = Lanes::all(-3.0F);
  if constexpr (kActivation == Activation::kNone) {
    return gradient;
  } else if constexpr (kActivation == Activation::kRelu) {
    return Lanes::where_less(zero, a, gradient);
  } else if constexpr (kActivation == Activation::kHardSwish) {
    const Lanes middle = gradient * (a * Lanes::all(1.0F / 3.0F) + Lanes::all(0.5F));
    return Lanes::where_not_above(minus_three, a, Lanes::where_not_above(a, three, middle)) +
           Lanes::where_less(three, a, gradient);
  } else if constexpr (kActivation == Activation::kHardSigmoid) {
    const Lanes slope = gradient * Lanes::all(1.0F / 6.0F);
    return Lanes::where_less(minus_three, a, Lanes::where_less(a, three, slope));
  } else {
    const Lanes sigmoid = one / (one + Lanes::exp(zero - a));
    return gradient * (sigmoid * (one - sigmoid));
  }
}

/// One choice of quantizers and activation, with its constants at hand.
template <class LanesType, bool kBefore, Activation kActivation, bool kAfter>
struct Functions {
  using Lanes = LanesType;
  GridLanes<Lanes> before;
  GridLanes<Lanes> after;

  COCO_MCU_LANES explicit Functions(const ChainFunctions& functions)
      : before(functions.before), after(functions.after) {}

  COCO_MCU_LANES Lanes quantized_before(Lanes z) const {
    if constexpr (kBefore) return before.quantize(z);
    return z;
  }
  COCO_MCU_LANES Lanes forward(Lanes z) const {
    const Lanes v = activate<kActivation>(quantized_before(z));
    if constexpr (kAfter) return after.quantize(v);
    return v;
  }
  /// The gradient to z from that to y; kLearns: adds to the sums of the ranges too.
  template <bool kLearns>
  COCO_MCU_LANES Lanes backward(Lanes z, Lanes dy, RangeLanes<Lanes>& sums_before,
                                RangeLanes<Lanes>& sums_after) const {
    const Lanes a = quantized_before(z);
    Lanes gradient = dy;
    if constexpr (kAfter) {
      const Lanes v = activate<kActivation>(a);
      gradient = after.where_inside(v, dy);
      if constexpr (kLearns) sums_after.add(after, v, dy, gradient);
    }
    gradient = through_activation<kActivation>(a, gradient);
    if constexpr (kBefore) {
      const Lanes inside = before.where_inside(z, gradient);
      if constexpr (kLearns) sums_before.add(before, z, gradient, inside);
      gradient = inside;
    }
    return gradient;
  }
};

/// Calls run(Functions) with the type that these functions ask for.
template <class Lanes, class Run>
void with_functions(const ChainFunctions& functions, const Run& run) {
  const auto with_activation = [&]<Activation kActivation>() {
    if (functions.quantizes_before && functions.quantizes_after)
      return run(Functions<Lanes, true, kActivation, true>(functions));
    if (functions.quantizes_before)
      return run(Functions<Lanes, true, kActivation, false>(functions));
    if (functions.quantizes_after)
      return run(Functions<Lanes, false, kActivation, true>(functions));
    return run(Functions<Lanes, false, kActivation, false>(functions));
  };
  switch (functions.activation) {
    case Activation::kNone:
      return with_activation.template operator()<Activation::kNone>();
    case Activation::kRelu:
      return with_activation.template operator()<Activation::kRelu>();
    case Activation::kHardSwish:
      return with_activation.template operator()<Activation::kHardSwish>();
    case Activation::kHardSigmoid:
      return with_activation.template operator()<Activation::kHardSigmoid>();
    case Activation::kSigmoidPlusOne:
      return with_activation.template operator()<Activation::kSigmoidPlusOne>();
  }
}

/// One picture of the input: where it begins and its channels' tiles.
struct Picture {
  std::int64_t offset;
  std::int64_t size;  // floats
  std::int64_t tile;  // floats
  const float* x;
  const float* gain;
  const float* shift;
};

template <class Lanes>
Picture picture_of(const ChainInput& input, std::int64_t index) {
  const std::int64_t size = input.pixels * input.channels;
  return {index * size,
          size,
          input.tile_pixels * input.channels,
          input.x + index * size,
          input.gain.values + index * input.gain.picture_stride,
          input.shift.values + index * input.shift.picture_stride};
}

/// Two sums for each channel of a picture. add(index, tile_index, access, first, second) adds to a
/// vector of each; after some tiles the floats go over into the doubles.
template <class Lanes, class Add, class AfterGroup>
void channel_sums(const Picture& picture, std::int64_t channels, float* scratch, double* sums,
                  const Add& add, const AfterGroup& after_group) {
  const std::int64_t tile = picture.tile;
  const std::int64_t padded = (tile + Lanes::kCount - 1) / Lanes::kCount * Lanes::kCount;
  float* const first = scratch;
  float* const second = scratch + padded;
  for (std::int64_t c = 0; c < 2 * channels; ++c) sums[c] = 0.0;
  for (std::int64_t begin = 0; begin < picture.size; begin += kTilesPerGroup * tile) {
    const std::int64_t rest = picture.size - begin;
    const std::int64_t count = rest < kTilesPerGroup * tile ? rest : kTilesPerGroup * tile;
    for (std::int64_t i = 0; i < 2 * padded; ++i) scratch[i] = 0.0F;
    for_each_vector<Lanes>(begin, begin + count, tile,
                           [&](std::int64_t index, std::int64_t i, auto access) {
                             Lanes a = Lanes::load(first + i);
                             Lanes b = Lanes::load(second + i);
                             add(index, i, access, a, b);
                             a.store(first + i);
                             b.store(second + i);
                           });
    for (std::int64_t start = 0; start < tile; start += channels) {
      for (std::int64_t c = 0; c < channels; ++c) {
        sums[c] += static_cast<double>(first[start + c]);
        sums[channels + c] += static_cast<double>(second[start + c]);
      }
    }
    after_group();
  }
}

template <class Lanes>
void statistics(const ChainInput& input, PictureRange range, float* scratch, double* sums) {
  for (std::int64_t n = range.begin; n < range.end; ++n) {
    const Picture picture = picture_of<Lanes>(input, n);
    channel_sums<Lanes>(
        picture, input.channels, scratch, sums + n * 2 * input.channels,
        [&](std::int64_t index, std::int64_t, auto access, Lanes& sum, Lanes& squares) {
          const Lanes x = access.load(picture.x + index);
          sum = sum + x;
          squares = squares + x * x;
        },
        [] {});
  }
}

template <class Lanes>
void forward(const ChainInput& input, const ChainFunctions& functions, PictureRange range,
             float* y) {
  with_functions<Lanes>(functions, [&](auto chosen) {
    for (std::int64_t n = range.begin; n < range.end; ++n) {
      const Picture picture = picture_of<Lanes>(input, n);
      float* const out = y + picture.offset;
      for_each_vector<Lanes>(
          0, picture.size, picture.tile, [&](std::int64_t index, std::int64_t i, auto access) {
            const Lanes x = access.load(picture.x + index);
            const Lanes z = x * Lanes::load(picture.gain + i) + Lanes::load(picture.shift + i);
            access.store(chosen.forward(z), out + index);
          });
    }
  });
}

template <class Lanes, bool kLearns, class Chosen>
void backward_sums_of(const Chosen& chosen, const ChainInput& input, const float* dy,
                      PictureRange range, float* scratch, double* sums,
                      ChainRangeSums* range_sums) {
  for (std::int64_t n = range.begin; n < range.end; ++n) {
    const Picture picture = picture_of<Lanes>(input, n);
    const float* const gradient = dy + picture.offset;
    RangeLanes<Lanes> before;
    RangeLanes<Lanes> after;
    ChainRangeSums of_picture;
    channel_sums<Lanes>(
        picture, input.channels, scratch, sums + n * 2 * input.channels,
        [&](std::int64_t index, std::int64_t i, auto access, Lanes& sum, Lanes& sum_x) {
          const Lanes x = access.load(picture.x + index);
          const Lanes z = x * Lanes::load(picture.gain + i) + Lanes::load(picture.shift + i);
          const Lanes dz =
              chosen.template backward<kLearns>(z, access.load(gradient + index), before, after);
          sum = sum + dz;
          sum_x = sum_x + dz * x;
        },
        [&] {
          if constexpr (kLearns) {
            add_totals(before, of_picture.before);
            add_totals(after, of_picture.after);
            before = {};
            after = {};
          }
        });
    if constexpr (kLearns) range_sums[n] = of_picture;
  }
}

template <class Lanes>
void backward_sums(const ChainInput& input, const ChainFunctions& functions, const float* dy,
                   PictureRange range, float* scratch, double* sums, ChainRangeSums* range_sums) {
  with_functions<Lanes>(functions, [&](auto chosen) {
    if (range_sums != nullptr)
      backward_sums_of<Lanes, true>(chosen, input, dy, range, scratch, sums, range_sums);
    else
      backward_sums_of<Lanes, false>(chosen, input, dy, range, scratch, sums, range_sums);
  });
}

template <class Lanes>
void backward_input(const ChainInput& input, const ChainFunctions& functions, const float* dy,
                    const ChannelTiles& by_x, const ChannelTiles& constant, PictureRange range,
                    float* dx) {
  with_functions<Lanes>(functions, [&](auto chosen) {
    for (std::int64_t n = range.begin; n < range.end; ++n) {
      const Picture picture = picture_of<Lanes>(input, n);
      const float* const gradient = dy + picture.offset;
      float* const out = dx + picture.offset;
      const float* const factor = by_x.values + n * by_x.picture_stride;
      const float* const summand = constant.values + n * constant.picture_stride;
      RangeLanes<Lanes> unused;
      for_each_vector<Lanes>(
          0, picture.size, picture.tile, [&](std::int64_t index, std::int64_t i, auto access) {
            const Lanes x = access.load(picture.x + index);
            const Lanes gain = Lanes::load(picture.gain + i);
            const Lanes z = x * gain + Lanes::load(picture.shift + i);
            const Lanes dz =
                chosen.template backward<false>(z, access.load(gradient + index), unused, unused);
            const Lanes correction = x * Lanes::load(factor + i) + Lanes::load(summand + i);
            access.store(gain * dz + correction, out + index);
          });
    }
  });
}

template <class Lanes>
inline constexpr ChainLoops kLoops = {statistics<Lanes>, forward<Lanes>, backward_sums<Lanes>,
                                      backward_input<Lanes>};

}  // namespace coco_mcu::training::generic
