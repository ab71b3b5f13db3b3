#include "cli/training_observers.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "cli/output.h"
#include "evaluation/metrics.h"
#include "report/progress.h"

namespace coco_mcu::cli {
namespace {

using training::EpochReport;

std::optional<evaluation::Metrics> metrics_of(const EpochReport& report) {
  if (report.validation.empty()) return std::nullopt;
  std::vector<evaluation::Prediction> predictions;
  for (const training::ValidatedPicture& each : report.validation) {
    predictions.push_back(
        {.name = {}, .person_probability = each.probability, .person = each.label});
  }
  return evaluation::evaluate(predictions);
}

class ProgressObserver : public training::TrainingObserver {
 public:
  void begin(const std::string& label, std::int64_t total, std::int64_t done) override {
    progress_.emplace(label, total - done);  // so that the speed is that of this call
  }
  void advance(std::int64_t items) override { progress_->advance(items); }
  void end() override {
    progress_->finish();
    progress_.reset();
  }

 private:
  std::optional<report::Progress> progress_;
};

class TextObserver final : public ProgressObserver {
 public:
  void epoch(const EpochReport& report) override {
    std::string line =
        fmt::format("{} epoch {}: step {}/{}, loss {:.4f}, learning rate {:.3g}, {:.0f} images/s",
                    report.stage, report.epoch, report.step, report.steps, report.loss,
                    report.learning_rate, report.images_per_second);
    if (report.waited_share > 0.02) {
      line += fmt::format(", {} of the time waiting for pictures", percent(report.waited_share));
    }
    print_line(line);
    if (const auto metrics = metrics_of(report)) {
      print_line(fmt::format(
          "  validation: {} of {} right: {} [{}, {}], AUC {}, cross entropy "
          "{:.3f}{}",
          metrics->confusion.correct(), metrics->confusion.total(), percent(metrics->accuracy),
          percent(metrics->accuracy_interval.low), percent(metrics->accuracy_interval.high),
          metrics->area_under_roc ? fmt::format("{:.3f}", *metrics->area_under_roc) : "not defined",
          metrics->cross_entropy, report.is_best ? ", the best" : ""));
    }
    for (const std::string& finding : report.health) print_line("  health: " + finding);
  }
  void line(const std::string& text) override { print_line(text); }
};

class JsonObserver final : public ProgressObserver {
 public:
  void epoch(const EpochReport& report) override {
    Json object = {{"stage", report.stage},
                   {"epoch", report.epoch},
                   {"step", report.step},
                   {"steps", report.steps},
                   {"loss", report.loss},
                   {"learning_rate", report.learning_rate},
                   {"images_per_second", report.images_per_second},
                   {"waited_share", report.waited_share},
                   {"health", report.health}};
    if (const auto metrics = metrics_of(report)) {
      object["validation"] = {
          {"n", metrics->confusion.total()},
          {"correct", metrics->confusion.correct()},
          {"accuracy", metrics->accuracy},
          {"ci95", {metrics->accuracy_interval.low, metrics->accuracy_interval.high}},
          {"auc", or_null(metrics->area_under_roc)},
          {"cross_entropy", metrics->cross_entropy},
          {"is_best", report.is_best}};
    }
    print_json_line(object);
  }
  void line(const std::string& text) override { fmt::print(stderr, "{}\n", text); }
};

}  // namespace

std::unique_ptr<training::TrainingObserver> text_observer() {
  return std::make_unique<TextObserver>();
}

std::unique_ptr<training::TrainingObserver> json_observer() {
  return std::make_unique<JsonObserver>();
}

bool is_later_process() {
  const char* rank = std::getenv("RANK");
  return rank != nullptr && std::string_view(rank) != "0";
}

}  // namespace coco_mcu::cli
