// The outermost part of a training: what goes wrong inside becomes one line with a remedy.
#include <new>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "training/trainer.h"

namespace coco_mcu::training {
namespace {

/// Where the run stands, for a message.
std::string remedy(const TrainingTask& task) {
  return fmt::format("{} keeps its last saved state: go on with --resume", task.run.string());
}

bool is_out_of_memory(const std::string& reason) {
  return reason.find("memory") != std::string::npos &&
         (reason.find("allocate") != std::string::npos ||
          reason.find("out of memory") != std::string::npos);
}

[[noreturn]] void fail_for_memory(const TrainingTask& task) {
  throw std::runtime_error(fmt::format(
      "out of memory; lower batch_size in a new run's recipe, or end other programs: {}",
      remedy(task)));
}

}  // namespace

TrainingResult run_training(const TrainingTask& task, TrainingObserver& observer) {
  try {
    return Trainer(task, observer).run();
  } catch (const std::bad_alloc&) {
    fail_for_memory(task);
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    if (is_out_of_memory(reason)) fail_for_memory(task);
    throw std::runtime_error(
        fmt::format("libtorch: {}; {}", reason.substr(0, reason.find('\n')), remedy(task)));
  }
}

}  // namespace coco_mcu::training
