// The back ends that tests compare with the reference. Only for tests.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/kernels.h"
#include "kernels/x86/backend.h"
#include "kernels/x86/vector_portable.h"

namespace coco_mcu::kernels {

/// The algorithms of x86/ at the widest vectors, on any processor.
inline constexpr Backend kPortableVectorBackend =
    x86::backend<x86::PortableVector>("portable_vector", [] { return true; });

inline std::vector<const Backend*> backends_under_test() {
  std::vector<const Backend*> backends = {&kPortableVectorBackend};
  for (const Backend* const* next = kBackends; *next != &kReferenceBackend; ++next) {
    backends.push_back(*next);
  }
  return backends;
}

/// Room for codes between guards that nothing may write to.
class GuardedCodes {
 public:
  GuardedCodes(std::size_t count, std::size_t misalignment)
      : first_(kGuard + misalignment), count_(count), bytes_(first_ + count + kGuard, kFill) {}

  std::uint8_t* data() { return bytes_.data() + first_; }
  /// The codes; checks the guards.
  std::vector<std::uint8_t> values() const {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      if (i < first_ || i >= first_ + count_) {
        EXPECT_EQ(bytes_[i], kFill) << "written at " << i << " of a guard";
      }
    }
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(first_);
    return {begin, begin + static_cast<std::ptrdiff_t>(count_)};
  }

 private:
  static constexpr std::size_t kGuard = 128;
  static constexpr std::uint8_t kFill = 0x5a;
  std::size_t first_;
  std::size_t count_;
  std::vector<std::uint8_t> bytes_;
};

/// GoogleTest's names of parameters: without it, addresses.
inline void PrintTo(const Backend* backend,  // NOLINT(readability-identifier-naming)
                    std::ostream* out) {
  *out << backend->name;
}

class EachBackend : public ::testing::TestWithParam<const Backend*> {
 protected:
  void SetUp() override {
    if (!GetParam()->is_supported()) GTEST_SKIP() << "this processor lacks " << GetParam()->name;
  }
};

inline std::string backend_name(const ::testing::TestParamInfo<const Backend*>& info) {
  return info.param->name;
}

}  // namespace coco_mcu::kernels
