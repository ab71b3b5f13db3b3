// What the processor could do at most: multiply-accumulates of small integers, per second and core.
#pragma once

#include <string>

namespace coco_mcu {

/// A loop of nothing but the instructions that a back end uses for weights of some bits, with
/// independent sums in registers.
struct PeakLoop {
  void (*run)() = [] {};
  double macs = 0.0;             // multiply-accumulates of one call of `run`, some 50 us long
  const char* instruction = "";  // "vpmaddwd + vpaddd"
};

/// `backend` is kernels::Backend::name. For one that uses no such instruction: a loop of nothing.
PeakLoop peak_loop(const std::string& backend, int bits);

struct IntegerPeak {
  double gmacs = 0.0;  // 10^9 multiply-accumulates per second on one thread; 0 where unknown
  std::string instruction;
};

/// The best of many rounds of that loop.
IntegerPeak integer_peak(const std::string& backend, int bits);

}  // namespace coco_mcu
