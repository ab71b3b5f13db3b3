#include "training/interruption.h"

namespace coco_mcu::training {
namespace {

volatile std::sig_atomic_t requests = 0;

void note_request(int /*signal*/) {
  requests = 1;
}

}  // namespace

Interruption::Interruption() {
  requests = 0;
  struct sigaction action = {};
  action.sa_handler = note_request;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &old_interrupt_);
  sigaction(SIGTERM, &action, &old_terminate_);
}

Interruption::~Interruption() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
}

bool Interruption::requested() const {
  return requests != 0;
}

}  // namespace coco_mcu::training
