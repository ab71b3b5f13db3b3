// What JavaScript calls. One model is open at a time; texts and bytes that are returned stay until
// the next call that returns some.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "browser/session.h"
#include "model/macs.h"
#include "report/heat_colour.h"

namespace {

using coco_mcu::browser::Session;
using Json = nlohmann::ordered_json;

// The module is one program with one page: its state is global.
std::unique_ptr<Session> session;   // NOLINT(*-avoid-non-const-global-variables)
std::vector<std::uint8_t> picture;  // NOLINT(*-avoid-non-const-global-variables)
std::vector<std::uint8_t> result;   // NOLINT(*-avoid-non-const-global-variables)

const char* text_result(const std::string& text) {
  result.assign(text.begin(), text.end());
  result.push_back(0);
  return reinterpret_cast<const char*>(result.data());
}

Json point_json(const coco_mcu::planning::PlannedModel& planned) {
  return {{"peak_ram_bytes", planned.plan.arena_bytes},
          {"macs", planned.macs},
          {"recomputed_macs", planned.recomputed_macs}};
}

}  // namespace

extern "C" {

/// Where the caller writes what the next call takes: a model file or a picture.
std::uint8_t* coco_mcu_input(std::size_t bytes) {
  picture.resize(bytes);
  return picture.data();
}

/// Opens the model file that was written. Null, or one line that says why it is refused; then the
/// model before stays open.
const char* coco_mcu_open_model() {
  coco_mcu::engine::Arena file(picture.size());
  std::copy(picture.begin(), picture.end(), file.data());
  const char* reason = Session::refusal({file.data(), picture.size()});
  if (reason != nullptr) return text_result(reason);
  session = std::make_unique<Session>(std::move(file), picture.size());
  return nullptr;
}

/// JSON: what the open model is.
const char* coco_mcu_describe() {
  const coco_mcu::model::View model = session->view();
  const Json description = {{"network", model.network()},
                            {"label", model.label(model.decision_label())},
                            {"threshold", model.threshold()},
                            {"input_height", model.preprocessing().height},
                            {"input_width", model.preprocessing().width},
                            {"model_bytes", session->file_bytes()},
                            {"macs", coco_mcu::model::macs(model)},
                            {"peak_ram_bytes", model.arena_bytes()},
                            {"lower_bound_bytes", session->lower_bound().bytes},
                            {"backend", coco_mcu::kernels::best_backend().name}};
  return text_result(description.dump());
}

/// Decides on the RGBA picture that was written: the probability, 32768 is 1.
std::int32_t coco_mcu_decide(std::int32_t height, std::int32_t width) {
  return session->decide(picture.data(), height, width).probability;
}

/// JSON: what each place of the last picture says by itself, row after row.
const char* coco_mcu_evidence() {
  auto& evidence = session->evidence();
  const Json places = {{"rows", evidence.rows()},
                       {"columns", evidence.columns()},
                       {"probabilities", evidence.probabilities()}};
  return text_result(places.dump());
}

/// RGB of 256 colours for values from 0 to 1.
const std::uint8_t* coco_mcu_heat_colours() {
  result.clear();
  for (int i = 0; i < 256; ++i) {
    const auto colour = coco_mcu::report::heat_colour(i / 255.0);
    result.insert(result.end(), colour.begin(), colour.end());
  }
  return result.data();
}

/// JSON: every plan that no other beats, the fewest multiply-accumulates first.
const char* coco_mcu_front() {
  Json points = Json::array();
  for (const auto& planned : session->front()) points.push_back(point_json(planned));
  return text_result(points.dump());
}

/// Index in the front of the plan for a budget, or -1.
std::int32_t coco_mcu_within(std::int32_t budget) {
  const auto& front = session->front();
  const auto* planned = coco_mcu::planning::within_budget(front, budget);
  return planned == nullptr ? -1 : static_cast<std::int32_t>(planned - front.data());
}

/// The drawing of a plan of the front: SVG.
const char* coco_mcu_memory_map(std::int32_t index) {
  const auto& front = session->front();
  return text_result(session->memory_map(front.at(static_cast<std::size_t>(index))));
}

/// The model's file with a plan of the front; its length first, as 4 bytes.
const std::uint8_t* coco_mcu_planned_file(std::int32_t index) {
  const auto& front = session->front();
  const auto file = session->planned_file(front.at(static_cast<std::size_t>(index)));
  const auto length = static_cast<std::uint32_t>(file.size());
  result.resize(sizeof length + file.size());
  std::memcpy(result.data(), &length, sizeof length);
  std::memcpy(result.data() + sizeof length, file.data(), file.size());
  return result.data();
}

}  // extern "C"
