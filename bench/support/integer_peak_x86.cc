#include <immintrin.h>

#include "bench/support/integer_peak.h"

namespace coco_mcu {
namespace {

constexpr int kSums = 12;  // independent, enough to hide each instruction's latency
constexpr int kRepeats = 1 << 14;

// Empty assembler lines keep the compiler from computing a product just once, and each sum in one
// register.

__attribute__((target("avx2"))) void multiply_words() {
  __m256i sums[kSums] = {};
  __m256i a = _mm256_set1_epi16(3);
  const __m256i b = _mm256_set1_epi16(5);
  for (int i = 0; i < kRepeats; ++i) {
    for (__m256i& sum : sums) {
      asm volatile("" : "+x"(a));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
      asm volatile("" : "+x"(sum));
    }
  }
}

__attribute__((target("avx2"))) void multiply_bytes() {
  __m256i sums[kSums] = {};
  __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(5);
  for (int i = 0; i < kRepeats; ++i) {
    for (__m256i& sum : sums) {
      asm volatile("" : "+x"(a));
      sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(a, b));
      asm volatile("" : "+x"(sum));
    }
  }
}

__attribute__((target("avx512f,avx512vnni"))) void multiply_quads() {
  __m512i sums[kSums] = {};
  __m512i a = _mm512_set1_epi32(0x03030303);
  const __m512i b = _mm512_set1_epi32(0x05050505);
  for (int i = 0; i < kRepeats; ++i) {
    for (__m512i& sum : sums) {
      asm volatile("" : "+v"(a));
      sum = _mm512_dpbusd_epi32(sum, a, b);
      asm volatile("" : "+v"(sum));
    }
  }
}

PeakLoop loop_of(void (*run)(), int products, const char* instruction) {
  return {run, 1.0 * products * kSums * kRepeats, instruction};
}

}  // namespace

PeakLoop peak_loop(const std::string& backend, int bits) {
  if (backend == "avx512_vnni") return loop_of(multiply_quads, 64, "vpdpbusd");
  if (backend != "avx2") return {};
  return bits == 8 ? loop_of(multiply_words, 16, "vpmaddwd + vpaddd")
                   : loop_of(multiply_bytes, 32, "vpmaddubsw + vpaddw");
}

}  // namespace coco_mcu
