// Memory for an engine on hosts, from the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "engine/engine.h"

namespace coco_mcu::engine {

/// Aligned memory of exactly the size an engine asks for.
class Arena {
 public:
  explicit Arena(std::size_t bytes)
      : memory_(
            static_cast<std::uint8_t*>(::operator new (bytes, std::align_val_t{kArenaAlignment}))) {
  }

  std::uint8_t* data() const { return memory_.get(); }

 private:
  struct Release {
    void operator()(std::uint8_t* memory) const {
      ::operator delete (memory, std::align_val_t{kArenaAlignment});
    }
  };
  std::unique_ptr<std::uint8_t, Release> memory_;
};

}  // namespace coco_mcu::engine
