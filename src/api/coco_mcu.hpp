// The C++ interface of coco_mcu: the C interface with memory and errors taken care of.
#ifndef COCO_MCU_HPP
#define COCO_MCU_HPP

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include <coco_mcu/coco_mcu.h>

namespace coco_mcu {

struct Decision {
  double probability = 0.0;  // of the model's label, "person"
  bool is_positive = false;  // whether it reaches the model's threshold
};

/// A model that is ready to decide. One thread at a time; several detectors are independent.
class Detector {
 public:
  /// Throws std::runtime_error with the file and the reason where it cannot be used.
  explicit Detector(const std::string& model_path) {
    std::ifstream file(model_path, std::ios::binary | std::ios::ate);
    if (!file) throw std::runtime_error(model_path + ": cannot be read");
    const auto model_bytes = static_cast<std::size_t>(file.tellg());
    model_ = allocate(model_bytes);
    file.seekg(0);
    file.read(reinterpret_cast<char*>(model_.get()), static_cast<std::streamsize>(model_bytes));
    const char* reason = nullptr;
    const std::size_t arena_bytes = coco_mcu_arena_bytes(model_.get(), model_bytes, &reason);
    if (arena_bytes == 0) throw std::runtime_error(model_path + ": " + reason);
    arena_ = allocate(arena_bytes);
    engine_.reset(coco_mcu_open(model_.get(), model_bytes, arena_.get(), arena_bytes, &reason));
    if (engine_ == nullptr) throw std::runtime_error(model_path + ": " + reason);
  }

  /// RGB bytes, height x width x 3, of any size.
  Decision decide(const std::uint8_t* rgb, int height, int width) {
    const coco_mcu_decision decision = coco_mcu_run(engine_.get(), rgb, height, width);
    return {decision.probability / double{COCO_MCU_ONE}, decision.is_positive != 0};
  }

 private:
  struct Release {
    void operator()(std::uint8_t* memory) const {
      ::operator delete (memory, std::align_val_t{COCO_MCU_ALIGNMENT});
    }
  };
  struct Close {
    void operator()(coco_mcu_engine* engine) const { coco_mcu_close(engine); }
  };
  using Memory = std::unique_ptr<std::uint8_t, Release>;

  static Memory allocate(std::size_t bytes) {
    return Memory(
        static_cast<std::uint8_t*>(::operator new (bytes, std::align_val_t{COCO_MCU_ALIGNMENT})));
  }

  Memory model_;
  Memory arena_;
  std::unique_ptr<coco_mcu_engine, Close> engine_;  // closed before its memory goes
};

}  // namespace coco_mcu

#endif
