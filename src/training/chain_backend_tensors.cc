#include <cmath>
#include <utility>

#include "training/chain_backend.h"

namespace coco_mcu::training {
namespace {

torch::Tensor for_each_pixel(const torch::Tensor& values) {
  return values.unsqueeze(2).unsqueeze(3);
}

torch::Tensor apply(const ChannelMap& map, const torch::Tensor& x) {
  return x * for_each_pixel(map.gain) + for_each_pixel(map.shift);
}

/// A grid in the precision of what it rounds: in doubles the lowest value is a whole number of
/// steps.
struct PreciseGrid {
  PreciseGrid(const ChainGrid& grid, torch::ScalarType type)
      : scale(grid.scale), inverse(grid.inverse), low(grid.low), high(grid.high) {
    constexpr double kHighestCode = 255.0;
    if (type != torch::kDouble || grid.scale == 0.0F) return;
    scale = grid.precise_scale;
    inverse = 1.0 / scale;
    low = std::round(low * inverse) * scale;
    high = low + kHighestCode * scale;
  }

  double scale;
  double inverse;
  double low;
  double high;
};

/// (clamp(v) - low) / scale, and that rounded.
torch::Tensor units_of(const torch::Tensor& v, const PreciseGrid& grid) {
  return v.clamp(grid.low, grid.high).sub_(grid.low).mul_(grid.inverse);
}

/// Halves round up. Evaluation in doubles stands for integers, which meet halves exactly where
/// doubles only come near.
torch::Tensor code_of(const torch::Tensor& units) {
  constexpr double kNearlyHalf = 0.5 + 5e-8;
  return (units + (units.scalar_type() == torch::kDouble ? kNearlyHalf : 0.5)).floor_();
}

torch::Tensor quantize(const torch::Tensor& v, const ChainGrid& grid) {
  const PreciseGrid precise(grid, v.scalar_type());
  return code_of(units_of(v, precise)).mul_(precise.scale).add_(precise.low);
}

torch::Tensor is_inside(const torch::Tensor& v, const ChainGrid& grid) {
  return v.ge(grid.low).logical_and_(v.le(grid.high));
}

torch::Tensor activate(const torch::Tensor& a, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return a;
    case Activation::kRelu:
      return torch::relu(a);
    case Activation::kHardSwish:
      return torch::hardswish(a);
    case Activation::kHardSigmoid:
      return torch::hardsigmoid(a);
    case Activation::kSigmoidPlusOne:
      return torch::sigmoid(a) + 1.0;
  }
  return a;
}

torch::Tensor through_activation(const torch::Tensor& a, const torch::Tensor& gradient,
                                 Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return gradient;
    case Activation::kRelu:
      return gradient * a.gt(0.0);
    case Activation::kHardSwish:
      return torch::where(a.lt(-3.0), torch::zeros_like(a),
                          torch::where(a.le(3.0), gradient * (a / 3.0 + 0.5), gradient));
    case Activation::kHardSigmoid:
      return gradient * a.gt(-3.0).logical_and_(a.lt(3.0)) / 6.0;
    case Activation::kSigmoidPlusOne: {
      const torch::Tensor sigmoid = torch::sigmoid(a);
      return gradient * (sigmoid * (1.0 - sigmoid));
    }
  }
  return gradient;
}

/// RangeSums as a tensor of three doubles.
torch::Tensor range_sums(const torch::Tensor& v, const torch::Tensor& gradient,
                         const ChainGrid& grid) {
  const torch::Tensor units = units_of(v, {grid, v.scalar_type()});
  const auto total = [](const torch::Tensor& values) { return values.sum(torch::kDouble); };
  return torch::stack({total(gradient * is_inside(v, grid) * (code_of(units) - units)),
                       total(gradient * v.gt(grid.high)), total(gradient * v.lt(grid.low))});
}

/// The gradient to z from that to y. `ranges`, [2, 3] doubles, may be null.
torch::Tensor gradient_to_z(const torch::Tensor& z, const torch::Tensor& dy,
                            const ChainFunctions& functions, torch::Tensor* ranges) {
  const torch::Tensor a = functions.quantizes_before ? quantize(z, functions.before) : z;
  torch::Tensor gradient = dy;
  if (functions.quantizes_after) {
    const torch::Tensor v = activate(a, functions.activation);
    if (ranges != nullptr) (*ranges)[1] = range_sums(v, gradient, functions.after);
    gradient = gradient * is_inside(v, functions.after);
  }
  gradient = through_activation(a, gradient, functions.activation);
  if (functions.quantizes_before) {
    if (ranges != nullptr) (*ranges)[0] = range_sums(z, gradient, functions.before);
    gradient = gradient * is_inside(z, functions.before);
  }
  return gradient;
}

class TensorBackend : public ChainBackend {
 public:
  torch::Tensor statistics(const torch::Tensor& x) const override {
    const torch::Tensor wide = x.to(torch::kDouble);
    return torch::stack({wide.sum({0, 2, 3}), wide.square().sum({0, 2, 3})});
  }

  torch::Tensor forward(const torch::Tensor& x, const ChannelMap& map,
                        const ChainFunctions& functions) const override {
    torch::Tensor value = apply(map, x);
    if (functions.quantizes_before) value = quantize(value, functions.before);
    value = activate(value, functions.activation);
    return functions.quantizes_after ? quantize(value, functions.after) : value;
  }

  torch::Tensor backward_sums(const torch::Tensor& x, const torch::Tensor& dy,
                              const ChannelMap& map, const ChainFunctions& functions,
                              torch::Tensor* ranges) const override {
    if (ranges != nullptr) *ranges = torch::zeros({2, 3}, x.options().dtype(torch::kDouble));
    const torch::Tensor dz = gradient_to_z(apply(map, x), dy, functions, ranges);
    return torch::stack(
        {dz.sum({2, 3}, false, torch::kDouble), (dz * x).sum({2, 3}, false, torch::kDouble)}, 1);
  }

  torch::Tensor backward_input(const torch::Tensor& x, const torch::Tensor& dy,
                               const ChannelMap& map, const ChainFunctions& functions,
                               const ChannelMap& correction) const override {
    const torch::Tensor dz = gradient_to_z(apply(map, x), dy, functions, nullptr);
    return dz * for_each_pixel(map.gain) + apply(correction, x);
  }
};

}  // namespace

const ChainBackend& tensor_chain_backend() {
  static const TensorBackend backend;
  return backend;
}

}  // namespace coco_mcu::training
