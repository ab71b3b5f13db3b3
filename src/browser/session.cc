#include "browser/session.h"

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
      evidence_(view(), kernels::best_backend()),
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
  return engine_.run(input_.data(), &evidence_);
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
