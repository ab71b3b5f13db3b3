#include "dataset/coco_json.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coco_mcu::dataset {
namespace {

enum class Section : std::uint8_t { kImages, kAnnotations, kCategories, kOther };
constexpr std::array<std::string_view, 3> kSectionNames = {"images", "annotations", "categories"};

enum class Field : std::uint8_t {
  kId,
  kImageId,
  kCategoryId,
  kHeight,
  kWidth,
  kWeakPerson,
  kArea,
  kBox,
  kFileName,
  kName,
  kOther
};
constexpr std::array<std::string_view, 10> kFieldNames = {
    "id",          "image_id", "category_id", "height",    "width",
    "weak_person", "area",     "bbox",        "file_name", "name"};

constexpr bool is_whole_number(Field field) {
  return field <= Field::kWeakPerson;
}

constexpr bool is_text(Field field) {
  return field == Field::kFileName || field == Field::kName;
}

constexpr int kNoBox = -1;
constexpr int kMaxSide = 1'000'000;  // pixels; more is a mistake in the file

template <typename Enumeration>
constexpr std::size_t index(Enumeration value) {
  return static_cast<std::size_t>(value);
}

template <typename Enumeration, std::size_t kCount>
Enumeration named(const std::array<std::string_view, kCount>& names, std::string_view name) {
  const auto* const found = std::find(names.begin(), names.end(), name);
  return static_cast<Enumeration>(found - names.begin());  // kOther follows the last name
}

// One image, annotation or category while it is read: only the fields that were there.
struct Record {
  std::array<std::optional<std::int64_t>, kFieldNames.size()> whole;
  std::array<std::optional<std::string>, kFieldNames.size()> text;
  std::optional<double> area;
  std::array<double, 4> box{};  // left, top, width, height
  int box_numbers = kNoBox;
};

// Hears what the parser reads, token by token. `depth_` counts the open brackets: the sections are
// keys at depth 1, their records stand at depth 2, a record's fields at depth 3, a box's numbers at
// depth 4; whatever else there is (outlines, licences) is read over.
class Listener {
 public:
  Listener(std::istream& file, std::string_view name, ObjectArea area)
      : file_(file),
        name_(name),
        area_field_(area == ObjectArea::kBox ? Field::kBox : Field::kArea) {}

  // What nlohmann::json::sax_parse calls. Returning true means: go on.
  bool null() { return unfit(); }
  bool boolean(bool /*value*/) { return unfit(); }
  bool number_integer(std::int64_t value);
  bool number_unsigned(std::uint64_t value);
  bool number_float(double value, const std::string& digits);
  bool string(std::string& value);
  bool binary(nlohmann::json::binary_t& /*value*/) { return unfit(); }
  bool key(std::string& key);
  bool start_object(std::size_t size);
  bool end_object();
  bool start_array(std::size_t size);
  bool end_array();
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& error);

  CocoInstances finish();

 private:
  [[noreturn]] void fail(std::string_view what) const;
  bool in_section() const { return depth_ >= 1 && section_ != Section::kOther; }
  bool in_field() const { return depth_ == 3 && in_section() && field_ != Field::kOther; }
  bool in_box() const { return depth_ == 4 && in_section() && field_ == Field::kBox; }
  bool is_needed(Field field) const;
  bool number(double value);
  bool unfit() const;
  void finish_record();
  std::int64_t whole(Field field) const;
  std::string& text(Field field);
  int side(Field field) const;
  std::optional<CocoBox> box() const;
  CocoObject object() const;

  std::istream& file_;
  std::string_view name_;
  Field area_field_;
  std::size_t depth_ = 0;
  Section section_ = Section::kOther;
  Field field_ = Field::kOther;
  Record record_;
  std::array<std::int64_t, 3> records_ = {-1, -1, -1};  // read in each section; -1: no such section
  CocoInstances instances_;
};

void Listener::fail(std::string_view what) const {
  if (depth_ < 2 || section_ == Section::kOther) {
    throw std::runtime_error(fmt::format("{}: {}", name_, what));
  }
  const std::size_t section = index(section_);
  throw std::runtime_error(
      fmt::format("{}: {}[{}]: {}", name_, kSectionNames[section], records_[section], what));
}

bool Listener::is_needed(Field field) const {
  switch (section_) {
    case Section::kImages:
      return field == Field::kId || field == Field::kFileName || field == Field::kHeight ||
             field == Field::kWidth || field == Field::kWeakPerson;
    case Section::kAnnotations:
      return field == Field::kImageId || field == Field::kCategoryId || field == Field::kBox ||
             field == area_field_;
    case Section::kCategories:
      return field == Field::kId || field == Field::kName;
    default:
      return false;
  }
}

bool Listener::key(std::string& key) {
  if (depth_ == 1) {
    section_ = named<Section>(kSectionNames, key);
  } else if (depth_ == 3 && in_section()) {
    field_ = named<Field>(kFieldNames, key);
    if (!is_needed(field_)) field_ = Field::kOther;
  }
  return true;
}

bool Listener::start_object(std::size_t /*size*/) {
  if ((depth_ == 1 && in_section()) || in_field() || in_box()) return unfit();
  if (depth_ == 2 && in_section()) {
    record_ = {};
    field_ = Field::kOther;
  }
  ++depth_;
  return true;
}

bool Listener::end_object() {
  if (depth_ == 3 && in_section()) finish_record();
  --depth_;
  return true;
}

bool Listener::start_array(std::size_t /*size*/) {
  if (depth_ == 0) fail("is not a COCO instances file: it holds a list instead of an object");
  if (depth_ == 1 && in_section()) {
    auto& records = records_[index(section_)];
    if (records >= 0) fail(fmt::format("has two lists of {}", kSectionNames[index(section_)]));
    records = 0;
  }
  const bool is_box = in_field() && field_ == Field::kBox;
  if (is_box) record_.box_numbers = 0;
  if ((depth_ == 2 && in_section()) || (in_field() && !is_box) || in_box()) return unfit();
  ++depth_;
  return true;
}

bool Listener::end_array() {
  --depth_;
  return true;
}

// A value that stands where something else has to.
bool Listener::unfit() const {
  if (depth_ == 0) fail("is not a COCO instances file: it holds a single value");
  if (!in_section()) return true;
  if (depth_ == 1) {
    fail(fmt::format("`{}` is not a list", kSectionNames[index(section_)]));
  }
  if (depth_ == 2) fail("is not an object");
  if (in_box()) fail("`bbox` holds something else than numbers");
  if (in_field()) {
    const std::size_t field = index(field_);
    fail(fmt::format("`{}` is not {}", kFieldNames[field],
                     is_whole_number(field_) ? "a whole number of 64 bits"
                     : is_text(field_)       ? "a text"
                     : field_ == Field::kBox ? "a list"
                                             : "a number"));
  }
  return true;
}

bool Listener::number(double value) {
  if (in_box()) {
    if (record_.box_numbers < 4) record_.box[record_.box_numbers] = value;
    ++record_.box_numbers;
    return true;
  }
  if (in_field() && field_ == Field::kArea) {
    record_.area = value;
    return true;
  }
  return unfit();
}

bool Listener::number_integer(std::int64_t value) {
  if (!in_field() || !is_whole_number(field_)) return number(static_cast<double>(value));
  record_.whole[index(field_)] = value;
  return true;
}

bool Listener::number_unsigned(std::uint64_t value) {
  const bool fits = value <= std::uint64_t{INT64_MAX};
  return fits ? number_integer(static_cast<std::int64_t>(value))
              : number(static_cast<double>(value));
}

bool Listener::number_float(double value, const std::string& /*digits*/) {
  return number(value);
}

bool Listener::string(std::string& value) {
  if (!in_field() || !is_text(field_)) return unfit();
  record_.text[index(field_)] = std::move(value);
  return true;
}

bool Listener::parse_error(std::size_t position, const std::string& /*token*/,
                           const nlohmann::json::exception& /*error*/) {
  throw std::runtime_error(
      file_.eof() ? fmt::format("{}: is truncated: the JSON ends too early, at byte {}; fetch it "
                                "again",
                                name_, position)
                  : fmt::format("{}: is not JSON: it cannot be read beyond byte {}; fetch it again",
                                name_, position));
}

std::int64_t Listener::whole(Field field) const {
  const std::size_t at = index(field);
  if (!record_.whole[at]) fail(fmt::format("`{}` is missing", kFieldNames[at]));
  return *record_.whole[at];
}

std::string& Listener::text(Field field) {
  const std::size_t at = index(field);
  if (!record_.text[at]) fail(fmt::format("`{}` is missing", kFieldNames[at]));
  return *record_.text[at];
}

int Listener::side(Field field) const {
  const std::int64_t pixels = whole(field);
  if (pixels < 1 || pixels > kMaxSide) {
    fail(fmt::format("`{}` is {}; a picture has 1 to {} pixels on a side",
                     kFieldNames[index(field)], pixels, kMaxSide));
  }
  return static_cast<int>(pixels);
}

std::optional<CocoBox> Listener::box() const {
  if (record_.box_numbers == kNoBox) return std::nullopt;
  const auto [left, top, width, height] = record_.box;
  if (record_.box_numbers != 4 || width < 0 || height < 0) {
    fail("`bbox` is not [left, top, width, height] in pixels");
  }
  return CocoBox{left, top, width, height};
}

CocoObject Listener::object() const {
  CocoObject object{whole(Field::kImageId), whole(Field::kCategoryId), 0.0, box()};
  if (area_field_ == Field::kArea) {
    if (!record_.area) fail("`area` is missing");
    object.area = *record_.area;
  } else {
    if (!object.box) fail("`bbox` is missing");
    object.area = object.box->width * object.box->height;
  }
  return object;
}

void Listener::finish_record() {
  switch (section_) {
    case Section::kImages:
      instances_.images.push_back({whole(Field::kId), std::move(text(Field::kFileName)),
                                   side(Field::kHeight), side(Field::kWidth),
                                   record_.whole[index(Field::kWeakPerson)].value_or(0) != 0});
      break;
    case Section::kAnnotations:
      instances_.objects.push_back(object());
      break;
    default:
      instances_.categories.push_back({whole(Field::kId), std::move(text(Field::kName))});
  }
  ++records_[index(section_)];
}

CocoInstances Listener::finish() {
  for (std::size_t section = 0; section < records_.size(); ++section) {
    if (records_[section] < 0) {
      fail(fmt::format("is not a COCO instances file: it has no list of {}",
                       kSectionNames[section]));
    }
  }
  return std::move(instances_);
}

}  // namespace

CocoInstances read_coco_instances(std::istream& file, std::string_view name, ObjectArea area) {
  Listener listener(file, name, area);
  nlohmann::json::sax_parse(file, &listener);
  return listener.finish();
}

}  // namespace coco_mcu::dataset
