#include "training/recipe.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "network/checkpoint.h"
#include "network/zoo/zoo.h"
#include "training/recipe_fields.h"

namespace coco_mcu::training {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;  // a recipe has some hundred lines

/// Letters to insert, remove or replace to make one word from the other (Levenshtein 1965).
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  return *std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return edit_distance(word, a) < edit_distance(word, b);
  });
}

std::vector<double> numbers_of(const toml::array& array) {
  std::vector<double> numbers;
  for (const toml::node& node : array) {
    const auto number = node.value<double>();
    if (!number || node.is_boolean()) throw FieldRefusal("holds more than numbers; write numbers");
    numbers.push_back(*number);
  }
  return numbers;
}

std::map<std::string, std::string> words_of(const toml::table& table) {
  std::map<std::string, std::string> words;
  for (const auto& [key, node] : table) {
    const auto* word = node.as_string();
    if (word == nullptr) throw FieldRefusal("holds more than words; write words in quotes");
    words.emplace(key.str(), word->get());
  }
  return words;
}

FieldValue value_of(const toml::node& node) {
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* whole = node.as_integer()) return whole->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* word = node.as_string()) return word->get();
  if (const auto* array = node.as_array()) return numbers_of(*array);
  if (const auto* table = node.as_table()) return words_of(*table);
  return std::monostate{};
}

/// Puts what a file says into the structures that hold it.
class Reader {
 public:
  Reader(std::string_view file, const std::filesystem::path& initial_checkpoint)
      : file_(file), initial_checkpoint_(initial_checkpoint) {}

  Recipe read(const toml::table& root);

 private:
  using Names = std::initializer_list<const char*>;

  [[noreturn]] void refuse(const toml::node& where, std::string_view field,
                           std::string_view reason) const {
    throw std::runtime_error(
        fmt::format("{}:{}: {}: {}", file_, where.source().begin.line, field, reason));
  }

  /// Sets the fields that `table` has; `parts` are the tables in it, which are left alone.
  template <typename Owner>
  void set_fields(const toml::table& table, const std::string& path, Owner& owner,
                  Names parts) const;

  /// Sets the fields of the table `name` in `parent`, where there is one.
  template <typename Owner>
  void set_part(const toml::table& parent, const char* name, Owner& owner) const;

  network::Network initial_network() const;

  /// The tables that a recipe and its stages both have.
  void set_common_parts(const toml::table& table, Stage& stage) const;
  Stage read_stage(const toml::table& table, const Recipe& recipe, const Stage& common) const;
  void check_stage(const toml::table& table, const Stage& stage, const Recipe& recipe) const;
  void check_layers(const toml::table& table, const Stage& stage) const;

  std::string file_;
  const std::filesystem::path& initial_checkpoint_;
  network::Network network_;
};

template <typename Owner>
void Reader::set_fields(const toml::table& table, const std::string& path, Owner& owner,
                        Names parts) const {
  const auto& fields = fields_of<Owner>();
  std::vector<std::string> names(parts.begin(), parts.end());
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    if (std::find(parts.begin(), parts.end(), name) != parts.end()) continue;
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& known) { return known.name == name; });
    const std::string place = path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
    if (field == fields.end()) {
      for (const auto& known : fields) names.push_back(known.name);
      refuse(node, place,
             fmt::format("there is no such field; the nearest is {}", nearest_name(name, names)));
    }
    try {
      field->set(owner, value_of(node));
    } catch (const FieldRefusal& refusal) {
      refuse(node, place, refusal.what());
    }
  }
}

template <typename Owner>
void Reader::set_part(const toml::table& parent, const char* name, Owner& owner) const {
  const toml::node* node = parent.get(name);
  if (node == nullptr) return;
  if (!node->is_table()) refuse(*node, name, fmt::format("is not a table; write [{}]", name));
  set_fields(*node->as_table(), name, owner, {});
}

void Reader::set_common_parts(const toml::table& table, Stage& stage) const {
  set_part(table, "optimizer", stage.optimizer);
  set_part(table, "schedule", stage.schedule);
  set_part(table, "quantization", stage.quantization);
  set_part(table, "distillation", stage.distillation);
  set_part(table, "batch_norm", stage.batch_norm);
}

void Reader::check_layers(const toml::table& table, const Stage& stage) const {
  for (const auto& [layer, format] : stage.quantization.layers) {
    const auto belongs = [&name = layer](const network::Node& node) {
      return node.name == name || node.name.starts_with(name + ".");
    };
    if (std::none_of(network_.nodes.begin(), network_.nodes.end(), belongs)) {
      refuse(table, "quantization.layers",
             fmt::format("the network has no layer \"{}\"; `coco-mcu describe {} --layers` lists "
                         "them",
                         layer, network_.name));
    }
  }
}

void Reader::check_stage(const toml::table& table, const Stage& stage, const Recipe& recipe) const {
  if (stage.name.empty()) refuse(table, "stages.name", "is missing; call the stage something");
  for (const Stage& earlier : recipe.stages) {
    if (earlier.name == stage.name) {
      refuse(table, "stages.name",
             fmt::format("\"{}\" is another stage's, too; take another name", stage.name));
    }
  }
  if (stage.schedule.kind == Schedule::Kind::kStep && stage.schedule.milestones.empty()) {
    refuse(table, "schedule.milestones", "is missing; say when the rate steps, [0.6, 0.8]");
  }
  if (stage.schedule.warmup_epochs > stage.epochs) {
    refuse(table, "schedule.warmup_epochs",
           fmt::format("{:g} is longer than the stage; take at most {:g}",
                       stage.schedule.warmup_epochs, stage.epochs));
  }
  check_layers(table, stage);
}

Stage Reader::read_stage(const toml::table& table, const Recipe& recipe,
                         const Stage& common) const {
  Stage stage = common;
  set_fields(
      table, "stages", stage,
      {"augmentation", "batch_norm", "distillation", "optimizer", "quantization", "schedule"});
  set_common_parts(table, stage);
  if (table.contains("augmentation")) {
    stage.augmentation = recipe.augmentation;
    set_part(table, "augmentation", *stage.augmentation);
  }
  check_stage(table, stage, recipe);
  return stage;
}

network::Network Reader::initial_network() const {
  if (!initial_checkpoint_.empty()) {
    const auto own = network::read_checkpoint(initial_checkpoint_).own_network;
    if (own) return *own;
  }
  throw std::invalid_argument(
      "is that of the initial checkpoint; give --init with a checkpoint that brings its network "
      "along, as coco-mcu reshape makes one");
}

Recipe Reader::read(const toml::table& root) {
  Recipe recipe;
  set_fields(root, "", recipe,
             {"augmentation", "batch_norm", "distillation", "optimizer", "preprocessing",
              "quantization", "schedule", "stages"});
  if (recipe.name.empty()) refuse(root, "name", "is missing; write name = \"...\"");
  try {
    network_ = recipe.network == kInitialNetwork ? initial_network()
                                                 : network::zoo_entry(recipe.network).build();
  } catch (const std::invalid_argument& error) {
    refuse(*root.get("network"), "network", error.what());
  }
  set_part(root, "preprocessing", recipe.preprocessing);
  recipe.preprocessing.height = network_.input().output.height;
  recipe.preprocessing.width = network_.input().output.width;
  set_part(root, "augmentation", recipe.augmentation);
  Stage common;
  set_common_parts(root, common);

  const toml::node* stages = root.get("stages");
  if (stages == nullptr) refuse(root, "stages", "there is none; write [[stages]]");
  if (!stages->is_array_of_tables()) refuse(*stages, "stages", "is no list; write [[stages]]");
  for (const toml::node& stage : *stages->as_array()) {
    recipe.stages.push_back(read_stage(*stage.as_table(), recipe, common));
  }
  recipe.description = std::move(network_);
  return recipe;
}

/// With question marks for all beyond ASCII: outside of strings toml++ 3.3 runs into undefined
/// behaviour there, and a recipe needs such letters in its comments alone.
std::string ascii_of(std::string_view text) {
  std::string ascii(text);
  std::replace_if(
      ascii.begin(), ascii.end(), [](char letter) { return (letter & 0x80) != 0; }, '?');
  return ascii;
}

/// FNV-1a, 64 bits (Fowler, Noll & Vo 1991).
std::string hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

Recipe parse_recipe(std::string_view text, std::string_view file,
                    const std::filesystem::path& initial_checkpoint) {
  toml::table root;
  try {
    root = toml::parse(ascii_of(text));
  } catch (const toml::parse_error& error) {
    throw std::runtime_error(fmt::format("{}:{}: not TOML: {}; mend that line", file,
                                         error.source().begin.line, error.description()));
  }
  Recipe recipe = Reader(file, initial_checkpoint).read(root);
  recipe.text = text;
  recipe.hash = hash_of(text);
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& file,
                   const std::filesystem::path& initial_checkpoint) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    throw std::runtime_error(fmt::format(
        "{}: cannot be read; give a recipe, such as recipes/two-bit.toml", file.string()));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMostBytes) {
    throw std::runtime_error(
        fmt::format("{}: longer than a mebibyte; a recipe is a short text", file.string()));
  }
  return parse_recipe(text, file.string(), initial_checkpoint);
}

}  // namespace coco_mcu::training
