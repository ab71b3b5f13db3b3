#include "dataset/annotated_examples.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::dataset {
namespace {

// Category id -> whether it is the class.
using Categories = std::unordered_map<std::int64_t, bool>;

Categories find_class(const std::vector<CocoCategory>& categories, std::string_view name,
                      const std::string& class_name) {
  Categories result;
  bool found = false;
  for (const CocoCategory& category : categories) {
    const bool is_class = category.name == class_name;
    found = found || is_class;
    if (!result.emplace(category.id, is_class).second) {
      throw std::runtime_error(fmt::format("{}: two categories have the id {}", name, category.id));
    }
  }
  if (found) return result;

  constexpr std::size_t kShown = 10;
  std::string known;
  for (const CocoCategory& category : categories) {
    if (&category == categories.data() + kShown) {
      known += ", ...";
      break;
    }
    known += (known.empty() ? "" : ", ") + category.name;
  }
  throw std::runtime_error(fmt::format("{}: no category is called `{}`; there are {}: {}", name,
                                       class_name, categories.size(), known));
}

// File names come from outside and are joined to a folder: they may not leave it. Control
// characters would end a name early or break the line that it is printed in.
bool stays_inside(const std::string& file_name) {
  const std::filesystem::path path(file_name);
  return path.has_filename() && path.is_relative() &&
         std::none_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; }) &&
         std::none_of(file_name.begin(), file_name.end(),
                      [](unsigned char letter) { return letter < 0x20 || letter == 0x7F; });
}

// Picture id -> its place in the list.
using Places = std::unordered_map<std::int64_t, std::size_t>;

Places place(const std::vector<CocoImage>& images, std::string_view name) {
  Places places;
  places.reserve(images.size());
  for (const CocoImage& image : images) {
    if (!places.emplace(image.id, places.size()).second) {
      throw std::runtime_error(fmt::format("{}: two pictures have the id {}", name, image.id));
    }
    if (!stays_inside(image.file_name)) {
      throw std::runtime_error(fmt::format(
          "{}: the picture of id {} has a file name that is not the name of a file inside of the "
          "folder of pictures; correct it",
          name, image.id));
    }
  }
  return places;
}

std::vector<Example> examples_of(std::vector<CocoImage>& images, const VisualWakeWords& rule) {
  std::vector<Example> examples;
  examples.reserve(images.size());
  for (CocoImage& image : images) {
    Example& example = examples.emplace_back();
    example.file_name = std::move(image.file_name);
    example.id = image.id;
    example.height = image.height;
    example.width = image.width;
    example.label = false;
    example.class_name = rule.class_name;
    example.is_weakly_positive = image.weak_person && rule.class_name == "person";
  }
  return examples;
}

float share(double part, double whole) {
  return static_cast<float>(std::clamp(part / whole, 0.0, 1.0));
}

ExampleObject normalized(const CocoObject& object, const Example& picture, bool is_class) {
  const CocoBox box = object.box.value_or(CocoBox{});
  return {{share(box.left, picture.width), share(box.top, picture.height),
           share(box.left + box.width, picture.width), share(box.top + box.height, picture.height)},
          share(object.area, static_cast<double>(picture.height) * picture.width),
          is_class};
}

}  // namespace

std::vector<Example> read_annotated_examples(std::istream& annotations, std::string_view name,
                                             const VisualWakeWords& rule) {
  CocoInstances instances = read_coco_instances(annotations, name, rule.area);
  const Categories categories = find_class(instances.categories, name, rule.class_name);
  const Places places = place(instances.images, name);
  std::vector<Example> examples = examples_of(instances.images, rule);
  for (const CocoObject& object : instances.objects) {
    const auto found = places.find(object.image_id);
    if (found == places.end()) {
      throw std::runtime_error(fmt::format(
          "{}: an annotation belongs to picture {}, which is not among the images; the file is "
          "incomplete or put together from two",
          name, object.image_id));
    }
    const auto category = categories.find(object.category_id);
    if (category == categories.end()) {
      throw std::runtime_error(
          fmt::format("{}: an annotation of picture {} is of category {}, which is not among the "
                      "categories; the file is incomplete or put together from two",
                      name, object.image_id, object.category_id));
    }
    Example& picture = examples[found->second];
    const bool is_class = category->second;
    const double picture_area = static_cast<double>(picture.height) * picture.width;
    if (is_class && object.area / picture_area > rule.min_area) picture.label = true;
    if (object.box) picture.objects.push_back(normalized(object, picture, is_class));
  }
  return examples;
}

std::vector<Example> read_annotated_examples(const std::filesystem::path& annotations,
                                             const VisualWakeWords& rule) {
  std::ifstream file(annotations, std::ios::binary);
  std::error_code error;
  if (!file || std::filesystem::is_directory(annotations, error)) {
    throw std::runtime_error(
        fmt::format("{}: cannot be read as a file of annotations; check its name and permissions",
                    annotations.string()));
  }
  return read_annotated_examples(file, annotations.string(), rule);
}

}  // namespace coco_mcu::dataset
