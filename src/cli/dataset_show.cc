#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "dataset/augmentation.h"
#include "dataset/picture_source.h"
#include "dataset/random.h"
#include "dataset/teacher.h"
#include "report/contact_sheet.h"
#include "report/progress.h"
#include "training/recipe.h"

namespace coco_mcu::cli {
namespace {

constexpr int kCell = 224;    // pixels
constexpr int kColumns = 8;   // of a sheet of pictures
constexpr int kVariants = 6;  // of each picture beside the original

constexpr report::Colour kShowsClass = {70, 190, 90};
constexpr report::Colour kShowsNone = {120, 128, 140};
constexpr report::Colour kNotKnown = {230, 160, 40};

struct Options {
  std::string where;
  std::string out;
  std::string recipe;
  std::string init;
  std::string stage;
  std::string teacher;
  std::string teacher_name = "ensemble";
  int count = 0;
  int seed = 0;
  std::string class_name = "person";
  double min_area = 0.005;
  bool json = false;
};

/// How a recipe's pictures are made.
struct Augmented {
  core::Preprocessing preprocessing;
  dataset::Augmentation augmentation;
};

std::optional<Augmented> read_augmentation(const Options& options) {
  if (options.recipe.empty()) {
    if (!options.stage.empty()) throw UsageError("--stage: belongs to --augment RECIPE");
    return std::nullopt;
  }
  const training::Recipe recipe = training::read_recipe(options.recipe, options.init);
  if (options.stage.empty()) return Augmented{recipe.preprocessing, recipe.augmentation};
  std::string names;
  for (const training::Stage& stage : recipe.stages) {
    if (stage.name == options.stage) {
      return Augmented{recipe.preprocessing, stage.augmentation.value_or(recipe.augmentation)};
    }
    names += (names.empty() ? "" : ", ") + stage.name;
  }
  throw UsageError(
      fmt::format("--stage {}: {} has the stages {}", options.stage, options.recipe, names));
}

report::SheetCell cell_of(dataset::PreparedPicture prepared, const std::string& class_name) {
  report::SheetCell cell;
  cell.picture = {prepared.image.height, prepared.image.width, std::move(prepared.image.rgb)};
  for (const dataset::Box& box : prepared.boxes) {
    cell.boxes.push_back({box.xmin, box.ymin, box.xmax, box.ymax});
  }
  cell.mark = kNotKnown;
  cell.lines = {prepared.label ? (*prepared.label ? "" : "no ") + class_name : "not labelled"};
  if (prepared.label) cell.mark = *prepared.label ? kShowsClass : kShowsNone;
  return cell;
}

/// As large as fits into a cell, in the proportions of `height` x `width`.
core::Preprocessing fitting(int height, int width) {
  const double scale = static_cast<double>(kCell) / std::max(height, width);
  const auto side = [scale](int pixels) {
    return std::clamp(static_cast<int>(scale * pixels + 0.5), 1, kCell);
  };
  return {.height = side(height), .width = side(width)};
}

class Sheet {
 public:
  Sheet(const Options& options, std::optional<Augmented> augmented)
      : options_(options), augmented_(std::move(augmented)) {
    if (!options_.teacher.empty()) teacher_.add(options_.teacher, options_.teacher_name);
  }

  void add(const dataset::Example& example, std::uint64_t index) {
    const dataset::Image image = dataset::decode_image(example.encoded, example.file_name);
    dataset::Random unused({0});
    report::SheetCell original =
        cell_of(dataset::prepare_picture(image, example, fitting(image.height, image.width),
                                         nullptr, unused),
                options_.class_name);
    if (const auto probability = teacher_.of(example.file_name)) {
      original.lines[0] += fmt::format("  teacher {:.2f}", *probability);
    }
    original.lines.insert(original.lines.begin(), example.file_name);
    cells_.push_back(std::move(original));
    if (augmented_) add_variants(image, example, index);
  }

  report::Picture draw() const {
    const int columns = augmented_ ? 1 + kVariants : kColumns;
    return report::contact_sheet(cells_, {.columns = columns, .cell = kCell});
  }

  std::optional<double> teacher_of(const dataset::Example& example) const {
    return teacher_.of(example.file_name);
  }

 private:
  // Each epoch of a training with this seed shows another of the variants.
  void add_variants(const dataset::Image& image, const dataset::Example& example,
                    std::uint64_t index) {
    for (std::uint64_t epoch = 0; epoch < kVariants; ++epoch) {
      dataset::Random random({static_cast<std::uint64_t>(options_.seed), epoch, index});
      dataset::PreparedPicture variant = dataset::prepare_picture(
          image, example, augmented_->preprocessing, &augmented_->augmentation, random);
      if (std::max(variant.image.height, variant.image.width) > kCell) {
        variant.image =
            dataset::prepare(variant.image, fitting(variant.image.height, variant.image.width));
      }
      cells_.push_back(cell_of(std::move(variant), options_.class_name));
    }
  }

  const Options& options_;
  std::optional<Augmented> augmented_;
  dataset::TeacherProbabilities teacher_;
  std::vector<report::SheetCell> cells_;
};

/// Which pictures are shown: drawn at random, in the order of the source.
std::vector<std::uint32_t> choose(std::size_t pictures, const Options& options, bool augmented) {
  constexpr int kPictures = 48;
  constexpr int kAugmentedPictures = 8;
  const int wanted =
      options.count > 0 ? options.count : (augmented ? kAugmentedPictures : kPictures);
  std::vector<std::uint32_t> order(pictures);
  std::iota(order.begin(), order.end(), 0U);
  dataset::Random random({static_cast<std::uint64_t>(options.seed)});
  dataset::shuffle(order, random);
  order.resize(std::min(pictures, static_cast<std::size_t>(wanted)));
  std::ranges::sort(order);
  return order;
}

void print_picture(const dataset::Example& example, const Sheet& sheet) {
  Json line = {{"file", example.file_name}, {"label", nullptr}};
  if (example.label) line["label"] = *example.label;
  line["boxes"] = std::ranges::count_if(example.objects, &dataset::ExampleObject::is_class);
  line["teacher"] = or_null(sheet.teacher_of(example));
  print_json_line(line);
}

void show(const Options& options) {
  constexpr int kMost = 1000;  // a sheet of 60 million pixels, or 400 million with variants
  if (options.count > kMost) throw UsageError(fmt::format("--count: at most {}", kMost));
  Sheet sheet(options, read_augmentation(options));
  const auto source = dataset::open_pictures(
      options.where, {.class_name = options.class_name, .min_area = options.min_area});
  const std::vector<std::uint32_t> chosen =
      choose(source->size(), options, !options.recipe.empty());
  report::Progress progress("show", static_cast<std::int64_t>(chosen.size()));
  for (const std::uint32_t index : chosen) {
    const dataset::Example example = source->read(index);
    sheet.add(example, index);
    if (options.json) print_picture(example, sheet);
    progress.advance();
  }
  progress.finish();
  report::write_png(options.out, sheet.draw());
  if (!options.json) {
    print_line(fmt::format("{}: {} of {} pictures", options.out, chosen.size(), source->size()));
  }
}

}  // namespace

void add_dataset_show(CommandLine& program) {
  Command command = program.command("dataset", "show",
                                    "Draw a contact sheet: pictures with their boxes and labels, "
                                    "or what a recipe's augmentation makes of them");
  auto options = std::make_shared<Options>();
  command.required_text("WHERE", options->where,
                        "Folder of TFRecord shards, or ANNOTATIONS.json:FOLDER");
  command.required_text("--out", options->out, "PNG file");
  command.text("--augment", options->recipe,
               "Recipe (TOML): beside each picture what its augmentation makes of it");
  command.text("--init", options->init,
               "Checkpoint whose network the recipe trains, where that is not one of the zoo's");
  command.text("--stage", options->stage, "Stage of the recipe whose augmentation is shown");
  command.text("--teacher", options->teacher, "JSON of teacher probabilities to print");
  command.text("--teacher-name", options->teacher_name,
               "Which of the file's teachers (default ensemble)");
  command.count("--count", options->count,
                "Pictures, drawn at random (default 48; 8 with --augment)");
  command.count("--seed", options->seed, "Other pictures, other variants (default 0)");
  command.text("--class", options->class_name, "Category to look for (default person)");
  command.share("--min-area", options->min_area,
                "A picture shows the class when one object covers more than this share of it "
                "(default 0.005)");
  command.flag("--json", options->json,
               "Print one JSON object per picture: file, label, boxes, teacher");
  command.example(
      "  coco-mcu dataset show vww/train --augment recipes/two-bit.toml --out sheet.png");
  command.action([options] { show(*options); });
}

}  // namespace coco_mcu::cli
