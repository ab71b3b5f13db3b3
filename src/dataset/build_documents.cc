#include "dataset/build_documents.h"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "dataset/sha256.h"

namespace coco_mcu::dataset {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBackground = 0;
constexpr int kClass = 1;

// File names may hold bytes that are not UTF-8.
std::string text_of(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json image_of(const Example& example) {
  Json image = {{"id", example.id},
                {"file_name", example.file_name},
                {"height", example.height},
                {"width", example.width},
                {"label", example.label.value_or(false) ? 1 : 0}};
  if (example.is_weakly_positive) image["weak_person"] = 1;
  return image;
}

/// The objects that a picture has its label from: those that cover enough of it, at least the
/// largest.
std::vector<bool> objects_of_label(const Example& example, double min_area) {
  std::vector<bool> chosen(example.objects.size(), false);
  if (!example.label.value_or(false)) return chosen;
  bool any = false;
  std::size_t largest = example.objects.size();
  for (std::size_t i = 0; i < example.objects.size(); ++i) {
    const ExampleObject& object = example.objects[i];
    if (!object.is_class) continue;
    if (largest == example.objects.size() || object.area > example.objects[largest].area) {
      largest = i;
    }
    chosen[i] = static_cast<double>(object.area) > min_area;
    any = any || chosen[i];
  }
  if (!any && largest < chosen.size()) chosen[largest] = true;
  return chosen;
}

Json annotation_of(const Example& example, const ExampleObject& object, bool is_label) {
  const Box& box = object.box;
  const double width = example.width;
  const double height = example.height;
  return {{"image_id", example.id},
          {"category_id", is_label ? kClass : kBackground},
          {"bbox",
           {box.xmin * width, box.ymin * height, (box.xmax - box.xmin) * width,
            (box.ymax - box.ymin) * height}},
          {"area", object.area * width * height},
          {"iscrowd", 0}};
}

std::vector<Json> annotations_of(const Example& example, double min_area) {
  const std::vector<bool> chosen = objects_of_label(example, min_area);
  std::vector<Json> annotations;
  for (std::size_t i = 0; i < example.objects.size(); ++i) {
    annotations.push_back(annotation_of(example, example.objects[i], chosen[i]));
  }
  const bool unplaced = example.label.value_or(false) &&
                        std::find(chosen.begin(), chosen.end(), true) == chosen.end();
  if (unplaced) {
    annotations.push_back(annotation_of(example, {{0.0F, 0.0F, 1.0F, 1.0F}, 1.0F, true}, true));
  }
  return annotations;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Counts and lists of what became of the pictures.
struct Account {
  std::size_t kept = 0;
  std::size_t with_class = 0;
  std::uint64_t bytes = 0;
  std::vector<std::size_t> kept_of_source;
  Json missing = Json::array();
  Json unreadable = Json::array();
  Json duplicates = Json::array();
  Json contradictions = Json::array();
  Json size_differs = Json::array();
  std::string content;  // what the hash is made of
};

void add_kept(const PlannedPicture& picture, const PictureOutcome& outcome, Account& account) {
  const Example example = kept_example(picture, outcome);
  const bool label = example.label.value_or(false);
  ++account.kept;
  ++account.kept_of_source[picture.source];
  account.with_class += label ? 1 : 0;
  account.bytes += outcome.bytes;
  account.content += outcome.sha256 + (label ? " 1 " : " 0 ") + example.file_name + "\n";
  if (example.height != outcome.height || example.width != outcome.width) {
    account.size_differs.push_back({{"file", picture.file.string()},
                                    {"annotated", {example.width, example.height}},
                                    {"stored", {outcome.width, outcome.height}}});
  }
}

void add_duplicate(const PlannedPicture& picture, const PlannedPicture& first, Account& account) {
  account.duplicates.push_back({{"file", picture.file.string()}, {"same_as", first.file.string()}});
  if (picture.example.label != first.example.label) {
    account.contradictions.push_back(
        {{"file", picture.file.string()},
         {"label", picture.example.label.value_or(false) ? 1 : 0},
         {"same_as", first.file.string()},
         {"label_there", first.example.label.value_or(false) ? 1 : 0}});
  }
}

Account account_of(const BuildOptions& options, const BuildPlan& plan,
                   std::span<const PictureOutcome> outcomes) {
  Account account;
  account.kept_of_source.resize(options.sources.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const PlannedPicture& picture = plan.pictures[i];
    const PictureOutcome& outcome = outcomes[i];
    switch (outcome.fate) {
      case Fate::kKept:
        add_kept(picture, outcome, account);
        break;
      case Fate::kDuplicate:
        add_duplicate(picture, plan.pictures[outcome.same_as], account);
        break;
      case Fate::kMissing:
        account.missing.push_back(picture.file.string());
        break;
      case Fate::kUnreadable:
        account.unreadable.push_back({{"file", picture.file.string()}, {"reason", outcome.reason}});
    }
  }
  return account;
}

Json sources_of(const BuildOptions& options, const BuildPlan& plan, const Account& account) {
  std::vector<std::size_t> planned(options.sources.size());
  for (const PlannedPicture& picture : plan.pictures) ++planned[picture.source];
  Json sources = Json::array();
  for (std::size_t i = 0; i < options.sources.size(); ++i) {
    const BuildSource& source = options.sources[i];
    Json json = {{"images", source.images.string()}};
    if (source.annotations.empty()) {
      json["label"] = source.label ? 1 : 0;
    } else {
      json["annotations"] = source.annotations.string();
    }
    json["pictures"] = planned[i];
    json["kept"] = account.kept_of_source[i];
    sources.push_back(std::move(json));
  }
  return sources;
}

}  // namespace

Example kept_example(const PlannedPicture& picture, const PictureOutcome& outcome) {
  Example example = picture.example;
  if (example.height == 0) {
    example.height = outcome.height;
    example.width = outcome.width;
  }
  return example;
}

void write_annotations(std::ostream& file, const BuildOptions& options, const BuildPlan& plan,
                       std::span<const PictureOutcome> outcomes) {
  const auto for_each_kept = [&](const auto& action) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].fate == Fate::kKept) action(kept_example(plan.pictures[i], outcomes[i]));
    }
  };
  file << "{\"images\":[";
  const char* separator = "\n";
  for_each_kept([&](const Example& example) {
    file << separator << text_of(image_of(example));
    separator = ",\n";
  });
  file << "],\n\"annotations\":[";
  separator = "\n";
  std::int64_t id = 0;
  for_each_kept([&](const Example& example) {
    for (Json annotation : annotations_of(example, options.rule.min_area)) {
      annotation["id"] = ++id;
      file << separator << text_of(annotation);
      separator = ",\n";
    }
  });
  const Json categories = {{{"id", kBackground}, {"name", "background"}},
                           {{"id", kClass}, {"name", options.rule.class_name}}};
  file << "],\n\"categories\":" << text_of(categories) << "}\n";
}

std::string describe_build(const BuildOptions& options, const BuildPlan& plan,
                           std::span<const PictureOutcome> outcomes) {
  const Account account = account_of(options, plan, outcomes);
  // Characters are the bytes that are hashed.
  const std::string hash = sha256(
      {reinterpret_cast<const std::uint8_t*>(account.content.data()), account.content.size()});
  Json json = {{"created_by", options.created_by},
               {"pictures", account.kept},
               {"with_class", account.with_class},
               {"label_share", share(account.with_class, account.kept)},
               {"bytes", account.bytes},
               {"shards", options.shards},
               {"hash", hash},
               {"rule",
                {{"class", options.rule.class_name},
                 {"min_area", options.rule.min_area},
                 {"area", options.rule.area == ObjectArea::kBox ? "box" : "segmentation"}}},
               {"sources", sources_of(options, plan, account)},
               {"ids", options.ids.string()},
               {"exclude_ids", options.exclude_ids.string()},
               {"ids_not_found", plan.ids_not_found},
               {"missing", account.missing},
               {"unreadable", account.unreadable},
               {"duplicates", account.duplicates},
               {"contradictions", account.contradictions},
               {"size_differs", account.size_differs},
               {"plan", plan.digest}};
  return text_of(json, 2) + "\n";
}

}  // namespace coco_mcu::dataset
