// SIGINT and SIGTERM as a wish that is granted after the present step.
#pragma once

#include <csignal>

namespace coco_mcu::training {

/// While one lives, the two signals end nothing. A second one does: whoever presses Ctrl-C twice
/// means it.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  bool requested() const;

 private:
  struct sigaction old_interrupt_ = {};
  struct sigaction old_terminate_ = {};
};

}  // namespace coco_mcu::training
