// WebAssembly with vectors of 16 bytes: the algorithms of x86/, whose SSE4.1 intrinsics emscripten
// translates, most of them into one instruction. Compiled with -msimd128 -msse4.1.

#include "kernels/x86/backend.h"
#include "kernels/x86/vector_sse41.h"

namespace coco_mcu::kernels {
namespace {

struct Simd128 : x86::Sse41 {
  static constexpr const char* kName = "simd128";
};

/// A browser without vectors does not load the module.
constexpr Backend kSimd128Backend = x86::backend<Simd128>("simd128", [] { return true; });

}  // namespace

const Backend* const kBackends[] = {&kSimd128Backend, &kReferenceBackend, nullptr};

}  // namespace coco_mcu::kernels
