#include "training/chain_backend.h"
#include "training/chain_loops_cuda.h"

namespace coco_mcu::training {
namespace {

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast;

torch::Tensor new_like(const torch::Tensor& x) {
  return torch::empty(x.sizes(), x.options().memory_format(kChannelsLast));
}

CudaChainInput input_of(const torch::Tensor& x) {
  CudaChainInput input;
  input.x = x.data_ptr<float>();
  input.pictures = x.size(0);
  input.pixels = x.size(2) * x.size(3);
  input.channels = x.size(1);
  return input;
}

/// The kernels' view of x and its map, with the tensors it points to.
class Mapped {
 public:
  Mapped(const torch::Tensor& x, const ChannelMap& map)
      : gain_(map.gain.contiguous()), shift_(map.shift.contiguous()), view_(input_of(x)) {
    view_.gain = gain_.data_ptr<float>();
    view_.has_gain_for_each_picture = gain_.size(0) > 1;
    view_.shift = shift_.data_ptr<float>();
  }
  const CudaChainInput& view() const { return view_; }

 private:
  torch::Tensor gain_;
  torch::Tensor shift_;
  CudaChainInput view_;
};

class CudaBackend : public ChainBackend {
 public:
  torch::Tensor statistics(const torch::Tensor& x) const override {
    const torch::Tensor partial = partial_sums(x);
    cuda_chain_statistics(input_of(x), partial.data_ptr<double>());
    return partial.sum(torch::IntArrayRef({0, 1}));
  }

  torch::Tensor forward(const torch::Tensor& x, const ChannelMap& map,
                        const ChainFunctions& functions) const override {
    const Mapped mapped(x, map);
    torch::Tensor y = new_like(x);
    cuda_chain_forward(mapped.view(), functions, y.data_ptr<float>());
    return y;
  }

  torch::Tensor backward_sums(const torch::Tensor& x, const torch::Tensor& dy,
                              const ChannelMap& map, const ChainFunctions& functions,
                              torch::Tensor* ranges) const override {
    const Mapped mapped(x, map);
    const torch::Tensor gradient = dy.contiguous(kChannelsLast);
    const torch::Tensor partial = partial_sums(x);
    torch::Tensor of_ranges;
    if (ranges != nullptr) {
      const CudaChainSums rows = cuda_chain_sums(mapped.view().pixels, x.size(1));
      of_ranges =
          torch::empty({x.size(0) * rows.range_rows, 2, 3}, x.options().dtype(torch::kDouble));
    }
    cuda_chain_backward_sums(mapped.view(), functions, gradient.data_ptr<float>(),
                             partial.data_ptr<double>(),
                             ranges != nullptr ? of_ranges.data_ptr<double>() : nullptr);
    if (ranges != nullptr) *ranges = of_ranges.sum(0);
    return partial.sum(1);
  }

  torch::Tensor backward_input(const torch::Tensor& x, const torch::Tensor& dy,
                               const ChannelMap& map, const ChainFunctions& functions,
                               const ChannelMap& correction) const override {
    const Mapped mapped(x, map);
    const torch::Tensor gradient = dy.contiguous(kChannelsLast);
    const torch::Tensor by_x = correction.gain.contiguous();
    const torch::Tensor constant = correction.shift.contiguous();
    torch::Tensor dx = new_like(x);
    cuda_chain_backward_input(mapped.view(), functions, gradient.data_ptr<float>(),
                              by_x.data_ptr<float>(), constant.data_ptr<float>(),
                              dx.data_ptr<float>());
    return dx;
  }

 private:
  /// [pictures, blocks, 2, channels]
  static torch::Tensor partial_sums(const torch::Tensor& x) {
    const std::int64_t blocks = cuda_chain_sums(x.size(2) * x.size(3), x.size(1)).blocks;
    return torch::empty({x.size(0), blocks, 2, x.size(1)}, x.options().dtype(torch::kDouble));
  }
};

}  // namespace

const ChainBackend* cuda_chain_backend() {
  static const CudaBackend backend;
  return &backend;
}

}  // namespace coco_mcu::training
