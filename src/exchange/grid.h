// What the codes of a tensor mean in other people's formats.
#pragma once

namespace coco_mcu::exchange {

/// Scale and zero point of a tensor: a code means scale * (code - zero_point).
struct Grid {
  float scale = 1.0F;
  int zero_point = 0;
};

}  // namespace coco_mcu::exchange
