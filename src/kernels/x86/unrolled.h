// Loops over registers. Freestanding.
#pragma once

#include <cstddef>
#include <utility>

namespace coco_mcu::kernels::x86 {

/// body<0>(), body<1>(), ...: what a compiler unrolls later than this it may leave in memory.
template <std::size_t kCount, class Body>
[[gnu::always_inline]] inline void unrolled(const Body& body) {
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) __attribute__((always_inline)) {
    (body.template operator()<kIndex>(), ...);
  }
  (std::make_index_sequence<kCount>());
}

}  // namespace coco_mcu::kernels::x86
