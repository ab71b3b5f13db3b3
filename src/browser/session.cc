#include "browser/session.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "model/serialize.h"
#include "model/verify.h"
#include "report/plan_drawings.h"

namespace coco_mcu::browser {
namespace {

std::size_t pixels(std::int32_t height, std::int32_t width) {
  return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
}

}  // namespace

const char* Session::refusal(std::span<const std::uint8_t> file) {
  const model::Refusal refusal = model::verify(file.data(), file.size());
  if (refusal) return refusal.reason;
  return model::View(file.data()).layer(0).channels == 3
             ? nullptr
             : "the model reads grey pictures; the page gives coloured ones";
}

Session::Session(engine::Arena file, std::size_t bytes)
    : file_(std::move(file)),
      file_bytes_(bytes),
      model_(model::deserialize({file_.data(), bytes})),
      preprocessing_(model_.preprocessing),
      arena_(engine::arena_bytes(view(), kernels::best_backend())),
      engine_(view(), kernels::best_backend(), arena_.data()),
      columns_(static_cast<std::size_t>(preprocessing_.width)),
      input_(pixels(preprocessing_.height, preprocessing_.width) * 3) {}

engine::Decision Session::decide(const std::uint8_t* rgba, std::int32_t height,
                                 std::int32_t width) {
  rgb_.resize(pixels(height, width) * 3);
  std::uint8_t* to = rgb_.data();
  for (std::size_t i = 0; i < pixels(height, width); ++i) {
    for (std::size_t channel = 0; channel < 3; ++channel) *to++ = rgba[4 * i + channel];
  }
  const auto stride = [](std::int32_t pixels_of_row) { return std::ptrdiff_t{3} * pixels_of_row; };
  const core::PixelView source = {rgb_.data(), height, width, stride(width)};
  const core::MutablePixelView target = {input_.data(), preprocessing_.height, preprocessing_.width,
                                         stride(preprocessing_.width)};
  core::resize(preprocessing_.resize, 3, source, target, columns_);
  const engine::Decision decision = engine_.run(input_.data());
  probability_ = decision.probability;
  return decision;
}

std::vector<std::uint8_t> Session::mean_colour() const {
  std::vector<std::uint8_t> mean(3);
  const std::size_t count = input_.size() / 3;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    std::size_t sum = count / 2;
    for (std::size_t i = channel; i < input_.size(); i += 3) sum += input_[i];
    mean[channel] = static_cast<std::uint8_t>(sum / count);
  }
  return mean;
}

std::int32_t Session::probability_without(int row, int column,
                                          std::span<const std::uint8_t> cover) {
  const auto edge = [](int place, std::int32_t side) { return place * side / kMapSide; };
  std::vector<std::uint8_t> covered = input_;
  for (int y = edge(row, preprocessing_.height); y < edge(row + 1, preprocessing_.height); ++y) {
    for (int x = edge(column, preprocessing_.width); x < edge(column + 1, preprocessing_.width);
         ++x) {
      std::copy(cover.begin(), cover.end(),
                covered.begin() + (std::ptrdiff_t{y} * preprocessing_.width + x) * 3);
    }
  }
  return engine_.run(covered.data()).probability;
}

std::vector<float> Session::occlusion() {
  const std::vector<std::uint8_t> cover = mean_colour();
  std::vector<float> falls;
  for (int row = 0; row < kMapSide; ++row) {
    for (int column = 0; column < kMapSide; ++column) {
      const std::int32_t fall = probability_ - probability_without(row, column, cover);
      falls.push_back(static_cast<float>(fall) / model::kProbabilityOne);
    }
  }
  return falls;
}

const planning::ParetoFront& Session::front() {
  if (!front_) front_ = planning::search(model_, true);
  return *front_;
}

planning::LowerBound Session::lower_bound() const {
  return planning::lower_bound(model_, true);
}

std::vector<std::uint8_t> Session::planned_file(const planning::PlannedModel& planned) const {
  model::IntegerModel model = model_;
  model.plan = planned.plan;
  return model::serialize(model);
}

std::string Session::memory_map(const planning::PlannedModel& planned) const {
  return report::plan_svg(model_.network, planned);
}

}  // namespace coco_mcu::browser
