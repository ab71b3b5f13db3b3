// The back ends that tests compare with the reference. Only for tests.
#pragma once

#include <cctype>
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
