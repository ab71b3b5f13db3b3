#include "cli/integer_decider.h"

#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cli/picture_input.h"
#include "engine/engine.h"

namespace coco_mcu::cli {

IntegerDecider::IntegerDecider(model::ModelFile model, const std::string& name,
                               const kernels::Backend& backend)
    : file_(std::move(model)), backend_(&backend), preprocessing_(file_.view().preprocessing()) {
  const model::View view = file_.view();
  const std::string_view label = view.label(view.decision_label());
  if (label != "person") {
    throw std::runtime_error(
        fmt::format("{}: network {} decides about \"{}\", not about \"person\"; coco-mcu run "
                    "prints what it says",
                    name, view.network(), label));
  }
}

std::vector<double> IntegerDecider::person_probabilities(
    std::span<const std::uint8_t> pictures) const {
  const std::size_t picture_bytes = static_cast<std::size_t>(preprocessing_.height) *
                                    static_cast<std::size_t>(preprocessing_.width) * 3;
  if (pictures.empty() || pictures.size() % picture_bytes != 0) {
    throw std::invalid_argument(fmt::format("network {}: {} bytes are no whole pictures of {}x{}x3",
                                            model().network(), pictures.size(),
                                            preprocessing_.height, preprocessing_.width));
  }
  engine::Arena arena = borrow_arena();
  engine::Engine engine(model(), *backend_, arena.data());
  std::vector<double> probabilities;
  std::vector<std::uint8_t> working;
  for (; !pictures.empty(); pictures = pictures.subspan(picture_bytes)) {
    const std::uint8_t* input = input_of(pictures.first(picture_bytes), model(), working);
    const std::int32_t probability = engine.run(input).probability;
    probabilities.push_back(static_cast<double>(probability) / model::kProbabilityOne);
  }
  give_back(std::move(arena));
  return probabilities;
}

engine::Arena IntegerDecider::borrow_arena() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_arenas_.empty()) {
      engine::Arena arena = std::move(idle_arenas_.back());
      idle_arenas_.pop_back();
      return arena;
    }
  }
  return engine::Arena(engine::arena_bytes(model(), *backend_));
}

void IntegerDecider::give_back(engine::Arena arena) const {
  const std::lock_guard lock(mutex_);
  idle_arenas_.push_back(std::move(arena));
}

}  // namespace coco_mcu::cli
