// Reading JSON that others may have written: every complaint names the file, the key, the reason
// and the remedy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coco_mcu::network {

using Json = nlohmann::ordered_json;

/// A value and how the file spells it.
template <typename Value>
struct Name {
  Value value;
  std::string_view name;
};

template <typename Value, std::size_t kCount>
std::string_view name_of(Value value, const Name<Value> (&names)[kCount]) {
  return std::ranges::find(names, value, &Name<Value>::value)->name;
}

/// A JSON object being read. Members throw std::runtime_error where a key is missing or its value
/// is no such thing.
class Object {
 public:
  /// `key` stands before its keys in complaints; json and file outlive the object.
  Object(const Json& json, std::string_view file, std::string key);

  bool has(const char* key) const { return json_.contains(key); }
  Object object(const char* key) const { return {at(key), file_, key_ + key + "."}; }
  std::string text(const char* key) const { return text_of(at(key), key); }
  std::int32_t integer(const char* key, int least, int most) const;
  void channels(const char* key, std::span<float, 3> values) const;
  std::vector<std::int32_t> integers(const char* key, int least, int most) const;
  bool flag(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  std::vector<Object> objects(const char* key) const;
  template <typename Value, std::size_t kCount>
  Value one_of(const char* key, const Name<Value> (&names)[kCount]) const;
  std::map<std::string, std::string> text_map() const;
  [[noreturn]] void fail(std::string_view key, std::string_view reason) const;

 private:
  const Json& at(const char* key) const;
  std::string text_of(const Json& value, const char* key) const;
  std::int32_t integer_of(const Json& value, const char* key, int least, int most) const;

  const Json& json_;
  std::string_view file_;
  std::string key_;  // of this object in its file, with a dot behind it
};

template <typename Value, std::size_t kCount>
Value Object::one_of(const char* key, const Name<Value> (&names)[kCount]) const {
  const std::string text = this->text(key);
  const auto* const known = std::ranges::find(names, text, &Name<Value>::name);
  if (known != std::end(names)) return known->value;
  std::string list;
  for (const Name<Value>& each : names) {
    list += fmt::format("{}{}", list.empty() ? "" : " or ", each.name);
  }
  fail(key, fmt::format("is {}, not {}", text, list));
}

}  // namespace coco_mcu::network
