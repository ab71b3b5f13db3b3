// Progress of work in several steps, each with a bar of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "report/progress.h"

namespace coco_mcu::cli {

class WorkProgress {
 public:
  /// To be called with what is done and how much of it; must not outlive this object.
  std::function<void(const char*, std::int64_t, std::int64_t)> hears() {
    return [this](const char* activity, std::int64_t done, std::int64_t total) {
      if (activity_ != activity) {
        finish();
        activity_ = activity;
        bar_.emplace(activity_, total);
      }
      bar_->update(done);
    };
  }
  void finish() {
    if (bar_) bar_->finish();
  }

 private:
  std::string activity_;
  std::optional<report::Progress> bar_;
};

}  // namespace coco_mcu::cli
