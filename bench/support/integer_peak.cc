#include "bench/support/integer_peak.h"

#include <algorithm>

#include "bench/support/timing.h"

namespace coco_mcu {

IntegerPeak integer_peak(const std::string& backend, int bits) {
  const PeakLoop loop = peak_loop(backend, bits);
  IntegerPeak peak = {0.0, loop.instruction};
  if (loop.macs == 0.0) return peak;
  for (int round = 0; round < 500; ++round) {
    peak.gmacs = std::max(peak.gmacs, loop.macs / seconds_of(loop.run, 4) / 1e9);
  }
  return peak;
}

}  // namespace coco_mcu
