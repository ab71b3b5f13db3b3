// Eight floats in plain C++.
#pragma once

#include <cmath>

namespace coco_mcu::training {

/// See Avx2Lanes for what each function means.
struct PortableLanes {
  static constexpr int kCount = 8;
  float lane[kCount];

  template <class Make>
  static PortableLanes each(const Make& make) {
    PortableLanes made;
    for (int i = 0; i < kCount; ++i) made.lane[i] = make(i);
    return made;
  }
  static PortableLanes all(float value) {
    return each([&](int) { return value; });
  }
  static PortableLanes load(const float* from) {
    return each([&](int i) { return from[i]; });
  }
  void store(float* to) const {
    for (int i = 0; i < kCount; ++i) to[i] = lane[i];
  }
  friend PortableLanes operator+(const PortableLanes& a, const PortableLanes& b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  friend PortableLanes operator-(const PortableLanes& a, const PortableLanes& b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  friend PortableLanes operator*(const PortableLanes& a, const PortableLanes& b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  friend PortableLanes operator/(const PortableLanes& a, const PortableLanes& b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static PortableLanes at_least(const PortableLanes& bound, const PortableLanes& x) {
    return each([&](int i) { return bound.lane[i] > x.lane[i] ? bound.lane[i] : x.lane[i]; });
  }
  static PortableLanes at_most(const PortableLanes& bound, const PortableLanes& x) {
    return each([&](int i) { return bound.lane[i] < x.lane[i] ? bound.lane[i] : x.lane[i]; });
  }
  static PortableLanes floor(const PortableLanes& x) {
    return each([&](int i) { return std::floor(x.lane[i]); });
  }
  static PortableLanes exp(const PortableLanes& x) {
    return each([&](int i) { return std::exp(x.lane[i]); });
  }
  static PortableLanes where_less(const PortableLanes& a, const PortableLanes& b,
                                  const PortableLanes& value) {
    return each([&](int i) { return a.lane[i] < b.lane[i] ? value.lane[i] : 0.0F; });
  }
  static PortableLanes where_not_above(const PortableLanes& a, const PortableLanes& b,
                                       const PortableLanes& value) {
    return each([&](int i) { return a.lane[i] <= b.lane[i] ? value.lane[i] : 0.0F; });
  }
};

}  // namespace coco_mcu::training
