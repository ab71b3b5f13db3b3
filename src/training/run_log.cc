#include "training/run_log.h"

#include <nlohmann/json.hpp>

#include "training/validation_score.h"

namespace coco_mcu::training {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

void RunLog::step(const std::string& stage, std::int64_t step, double loss, double learning_rate) {
  const Json line = {
      {"step", step}, {"stage", stage}, {"loss", loss}, {"learning_rate", learning_rate}};
  folder_.metrics(line.dump());
  folder_.scalars(step, {{"loss", static_cast<float>(loss)},
                         {"learning_rate", static_cast<float>(learning_rate)}});
}

void RunLog::epoch(const EpochReport& report) {
  Json line = {{"step", report.step},
               {"stage", report.stage},
               {"epoch", report.epoch},
               {"mean_loss", report.loss},
               {"health", report.health},
               {"images_per_second", report.images_per_second},
               {"waited_share", report.waited_share}};
  std::vector<Scalar> scalars = {{"epoch/loss", static_cast<float>(report.loss)}};
  if (!report.validation.empty()) {
    const ValidationScore score = training::score(report.validation);
    const auto count = static_cast<double>(report.validation.size());
    const double share = static_cast<double>(score.right) / count;
    line["validation"] = {{"n", report.validation.size()},
                          {"right", score.right},
                          {"accuracy", share},
                          {"cross_entropy", score.loss},
                          {"is_best", report.is_best}};
    scalars.push_back({"validation/accuracy", static_cast<float>(share)});
    scalars.push_back({"validation/cross_entropy", static_cast<float>(score.loss)});
  }
  folder_.metrics(line.dump());
  folder_.scalars(report.step, scalars);
}

}  // namespace coco_mcu::training
