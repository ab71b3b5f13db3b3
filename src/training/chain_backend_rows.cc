#include <vector>

#include <ATen/Parallel.h>

#include "training/chain_backend.h"

namespace coco_mcu::training {
namespace {

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast;

torch::Tensor channels_last(const torch::Tensor& tensor) {
  return tensor.contiguous(kChannelsLast);
}

torch::Tensor new_like(const torch::Tensor& x) {
  return torch::empty(x.sizes(), x.options().memory_format(kChannelsLast));
}

/// Repeats [rows, channels] over the pixels of a tile.
torch::Tensor tiled(const torch::Tensor& values, std::int64_t tile_pixels) {
  const std::int64_t rows = values.size(0);
  const std::int64_t channels = values.size(1);
  torch::Tensor tiles =
      torch::zeros({rows, tile_floats_of(tile_pixels, channels)}, values.options());
  tiles.narrow(1, 0, tile_pixels * channels)
      .view({rows, tile_pixels, channels})
      .copy_(values.unsqueeze(1));
  return tiles;
}

ChannelTiles view_of(const torch::Tensor& tiles) {
  return {tiles.data_ptr<float>(), tiles.size(0) == 1 ? 0 : tiles.size(1)};
}

/// The loops' view of a tensor, with the tiles it points to.
class Rows {
 public:
  explicit Rows(const torch::Tensor& x) {
    view_.x = x.data_ptr<float>();
    view_.pixels = x.size(2) * x.size(3);
    view_.channels = x.size(1);
    view_.tile_pixels = tile_pixels_of(view_.pixels, view_.channels);
  }
  Rows(const torch::Tensor& x, const ChannelMap& map) : Rows(x) {
    gain_ = tiled(map.gain, view_.tile_pixels);
    shift_ = tiled(map.shift, view_.tile_pixels);
    view_.gain = view_of(gain_);
    view_.shift = view_of(shift_);
  }

  const ChainInput& view() const { return view_; }
  std::size_t scratch_floats() const {
    return static_cast<std::size_t>(2 * tile_floats_of(view_.tile_pixels, view_.channels));
  }

 private:
  ChainInput view_;
  torch::Tensor gain_;
  torch::Tensor shift_;
};

template <class Work>
void for_picture_ranges(const torch::Tensor& x, const Work& work) {
  if (x.numel() == 0) return;
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    work(PictureRange{begin, end});
  });
}

void add(const RangeSums& of_picture, RangeSums& sums) {
  sums.inside += of_picture.inside;
  sums.above += of_picture.above;
  sums.below += of_picture.below;
}

torch::Tensor total(const std::vector<ChainRangeSums>& of_pictures) {
  ChainRangeSums sums;
  for (const ChainRangeSums& of_picture : of_pictures) {
    add(of_picture.before, sums.before);
    add(of_picture.after, sums.after);
  }
  return torch::tensor({sums.before.inside, sums.before.above, sums.before.below, sums.after.inside,
                        sums.after.above, sums.after.below},
                       torch::kDouble)
      .view({2, 3});
}

class RowBackend : public ChainBackend {
 public:
  torch::Tensor statistics(const torch::Tensor& x) const override {
    const Rows rows(x);
    const torch::Tensor sums = torch::zeros({x.size(0), 2, x.size(1)}, torch::kDouble);
    auto* const out = sums.data_ptr<double>();
    for_picture_ranges(x, [&](PictureRange range) {
      std::vector<float> scratch(rows.scratch_floats());
      chain_loops().statistics(rows.view(), range, scratch.data(), out);
    });
    return sums.sum(0);
  }

  torch::Tensor forward(const torch::Tensor& x, const ChannelMap& map,
                        const ChainFunctions& functions) const override {
    const Rows rows(x, map);
    torch::Tensor y = new_like(x);
    auto* const out = y.data_ptr<float>();
    for_picture_ranges(
        x, [&](PictureRange range) { chain_loops().forward(rows.view(), functions, range, out); });
    return y;
  }

  torch::Tensor backward_sums(const torch::Tensor& x, const torch::Tensor& dy,
                              const ChannelMap& map, const ChainFunctions& functions,
                              torch::Tensor* ranges) const override {
    const Rows rows(x, map);
    const torch::Tensor gradient = channels_last(dy);
    const auto* const in = gradient.data_ptr<float>();
    torch::Tensor sums = torch::zeros({x.size(0), 2, x.size(1)}, torch::kDouble);
    auto* const out = sums.data_ptr<double>();
    std::vector<ChainRangeSums> of_pictures(ranges != nullptr ? static_cast<std::size_t>(x.size(0))
                                                              : 0);
    auto* const range_sums = ranges != nullptr ? of_pictures.data() : nullptr;
    for_picture_ranges(x, [&](PictureRange range) {
      std::vector<float> scratch(rows.scratch_floats());
      chain_loops().backward_sums(rows.view(), functions, in, range, scratch.data(), out,
                                  range_sums);
    });
    if (ranges != nullptr) *ranges = total(of_pictures);
    return sums;
  }

  torch::Tensor backward_input(const torch::Tensor& x, const torch::Tensor& dy,
                               const ChannelMap& map, const ChainFunctions& functions,
                               const ChannelMap& correction) const override {
    const Rows rows(x, map);
    const torch::Tensor by_x = tiled(correction.gain, rows.view().tile_pixels);
    const torch::Tensor constant = tiled(correction.shift, rows.view().tile_pixels);
    const torch::Tensor gradient = channels_last(dy);
    const auto* const in = gradient.data_ptr<float>();
    torch::Tensor dx = new_like(x);
    auto* const out = dx.data_ptr<float>();
    for_picture_ranges(x, [&](PictureRange range) {
      chain_loops().backward_input(rows.view(), functions, in, view_of(by_x), view_of(constant),
                                   range, out);
    });
    return dx;
  }
};

}  // namespace

const ChainBackend& row_chain_backend() {
  static const RowBackend backend;
  return backend;
}

const ChainBackend& chain_backend_for(const torch::Tensor& x) {
  const bool has_rows = x.scalar_type() == torch::kFloat && x.is_contiguous(kChannelsLast);
  if (has_rows && x.device().is_cpu()) return row_chain_backend();
  const ChainBackend* cuda = cuda_chain_backend();
  return has_rows && x.device().is_cuda() && cuda != nullptr ? *cuda : tensor_chain_backend();
}

}  // namespace coco_mcu::training
