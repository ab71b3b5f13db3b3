#include "network/json_object.h"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace coco_mcu::network {

Object::Object(const Json& json, std::string_view file, std::string key)
    : json_(json), file_(file), key_(std::move(key)) {
  if (!json_.is_object()) fail("", "not an object of JSON");
}

void Object::fail(std::string_view key, std::string_view reason) const {
  throw std::runtime_error(
      fmt::format("{}: {}{} {}; write it again or mend it by hand", file_, key_, key, reason));
}

const Json& Object::at(const char* key) const {
  const auto found = json_.find(key);
  if (found == json_.end()) fail(key, "is missing");
  return *found;
}

std::string Object::text_of(const Json& value, const char* key) const {
  if (!value.is_string()) fail(key, "is not a string");
  return value.get<std::string>();
}

std::int32_t Object::integer(const char* key, int least, int most) const {
  return integer_of(at(key), key, least, most);
}

std::vector<std::int32_t> Object::integers(const char* key, int least, int most) const {
  const Json& list = at(key);
  if (!list.is_array()) fail(key, "is not a list");
  std::vector<std::int32_t> numbers;
  for (const Json& item : list) numbers.push_back(integer_of(item, key, least, most));
  return numbers;
}

std::int32_t Object::integer_of(const Json& value, const char* key, int least, int most) const {
  const bool fits = value.is_number_integer() && value >= least && value <= most;
  if (!fits) fail(key, fmt::format("is not an integer from {} to {}", least, most));
  return value.get<std::int32_t>();
}

void Object::channels(const char* key, std::span<float, 3> values) const {
  const Json& list = at(key);
  if (!list.is_array() || list.size() != values.size()) fail(key, "is not a list of 3 numbers");
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (!list[c].is_number()) fail(key, "is not a list of 3 numbers");
    const auto number = list[c].get<double>();
    if (!(std::abs(number) <= 1e6)) fail(key, "holds a number out of all range");
    values[c] = static_cast<float>(number);
  }
}

std::vector<std::string> Object::texts(const char* key) const {
  const Json& list = at(key);
  if (!list.is_array()) fail(key, "is not a list");
  std::vector<std::string> texts;
  for (const Json& item : list) texts.push_back(text_of(item, key));
  return texts;
}

bool Object::flag(const char* key) const {
  const Json& value = at(key);
  if (!value.is_boolean()) fail(key, "is neither true nor false");
  return value.get<bool>();
}

std::vector<Object> Object::objects(const char* key) const {
  const Json& list = at(key);
  if (!list.is_array()) fail(key, "is not a list");
  std::vector<Object> objects;
  for (const Json& item : list) {
    objects.emplace_back(item, file_, fmt::format("{}{}[{}].", key_, key, objects.size()));
  }
  return objects;
}

std::map<std::string, std::string> Object::text_map() const {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : json_.items()) map[key] = text_of(value, key.c_str());
  return map;
}

}  // namespace coco_mcu::network
