// A short name for the content of a data set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coco_mcu::dataset {

/// FNV-1a of 64 bits (Fowler, Noll & Vo): tells changes from none, no protection against forgery.
class ContentHash {
 public:
  void add(std::string_view bytes);
  void add(std::uint64_t number);
  /// 16 hexadecimal digits.
  std::string digits() const;

 private:
  std::uint64_t state_ = 0xCBF29CE484222325;
};

}  // namespace coco_mcu::dataset
