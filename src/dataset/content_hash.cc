#include "dataset/content_hash.h"

#include <fmt/format.h>

namespace coco_mcu::dataset {
namespace {

constexpr std::uint64_t kPrime = 0x100000001B3;

}  // namespace

// The length first: "ab" and "c" are not "a" and "bc".
void ContentHash::add(std::string_view bytes) {
  add(bytes.size());
  for (const char byte : bytes) state_ = (state_ ^ static_cast<unsigned char>(byte)) * kPrime;
}

void ContentHash::add(std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) {
    state_ = (state_ ^ (number >> shift & 0xFF)) * kPrime;
  }
}

std::string ContentHash::digits() const {
  return fmt::format("{:016x}", state_);
}

}  // namespace coco_mcu::dataset
