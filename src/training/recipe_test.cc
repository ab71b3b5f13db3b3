#include "training/recipe.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/checkpoint.h"
#include "network/zoo/zoo.h"
#include "tests/support/complaint.h"
#include "tests/support/temporary_folder.h"
#include "training/recipe_fields.h"

namespace coco_mcu::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// A recipe of one stage with these lines in front of it, from line 2 on.
std::string with(const std::string& lines) {
  return "name = \"trial\"\n" + lines + "\n[[stages]]\nname = \"only\"\n";
}

Recipe parsed(const std::string& lines) {
  return parse_recipe(with(lines), "trial.toml");
}

std::string refusal(const std::string& text) {
  return coco_mcu::testing::complaint([&] { parse_recipe(text, "trial.toml"); });
}

TEST(Recipe, WhatItDoesNotSayIsTheStructuresOwn) {
  const Recipe recipe = parsed("");
  EXPECT_EQ(recipe.name, "trial");
  EXPECT_EQ(recipe.network, "coco_mcu");
  EXPECT_EQ(recipe.batch_size, 64);
  EXPECT_EQ(recipe.dropout, std::nullopt);
  ASSERT_EQ(recipe.stages.size(), 1U);
  EXPECT_EQ(recipe.stages[0].optimizer.learning_rate, 1e-3);
  EXPECT_EQ(recipe.stages[0].augmentation, std::nullopt);
}

TEST(Recipe, TheInputsSizeIsTheNetworks) {
  const Recipe recipe = parsed(
      "network = \"tiny\"\n"
      "preprocessing = {resize = \"legacy_bilinear\", mean = [0.5, 0, 0.25], deviation = [1, 2, "
      "3]}");
  EXPECT_EQ(recipe.preprocessing,
            (core::Preprocessing{
                64, 64, core::Resize::kLegacyBilinear, {0.5F, 0.0F, 0.25F}, {1.0F, 2.0F, 3.0F}}));
}

TEST(Recipe, TrainsTheNetworkThatTheInitialCheckpointBrings) {
  const coco_mcu::testing::TemporaryFolder folder;
  network::Checkpoint initial;
  initial.own_network = network::zoo_entry("tiny").build();
  initial.network = initial.own_network->name;
  initial.labels = initial.own_network->labels;
  initial.preprocessing = {.height = 64, .width = 64};
  network::write_checkpoint(initial, folder.path() / "initial");
  const std::string text =
      with("network = \"initial\"\nquantization = {layers = {bneck2 = \"w4\"}}");
  const Recipe recipe = parse_recipe(text, "trial.toml", folder.path() / "initial");
  EXPECT_EQ(recipe.preprocessing.height, 64);
  EXPECT_EQ(recipe.stages[0].quantization.layers.at("bneck2"), core::WeightFormat::kSigned4);
}

TEST(Recipe, SaysWhereTheInitialNetworkComesFrom) {
  EXPECT_THAT(refusal(with("network = \"initial\"")),
              StartsWith("trial.toml:2: network: is that of the initial checkpoint; give --init"));
}

TEST(Recipe, AStageTakesOverWhatItDoesNotSay) {
  const Recipe recipe = parse_recipe(R"(name = "trial"
[optimizer]
kind = "sgd"
learning_rate = 0.5
[quantization.layers]
bneck1 = "w8"
[[stages]]
name = "float"
[[stages]]
name = "bits"
[stages.optimizer]
learning_rate = 0.25
[stages.quantization]
scheme = "learned"
first_layer = "w8"
[stages.quantization.layers]
bneck2 = "w4"
)",
                                     "trial.toml");
  ASSERT_EQ(recipe.stages.size(), 2U);
  EXPECT_EQ(recipe.stages[0].optimizer.learning_rate, 0.5);
  EXPECT_EQ(recipe.stages[0].quantization.scheme, QuantizationOptions::Scheme::kNone);
  EXPECT_EQ(recipe.stages[1].optimizer.learning_rate, 0.25);
  EXPECT_EQ(recipe.stages[1].optimizer.kind, OptimizerOptions::Kind::kSgd);
  EXPECT_EQ(recipe.stages[1].quantization.first_layer, core::WeightFormat::kSigned8);
  EXPECT_THAT(recipe.stages[1].quantization.layers,
              ElementsAre(std::pair("bneck1", core::WeightFormat::kSigned8),
                          std::pair("bneck2", core::WeightFormat::kSigned4)));
}

TEST(Recipe, AStagesAugmentationBeginsAsTheRecipes) {
  const Recipe recipe = parse_recipe(R"(name = "trial"
[augmentation]
hue = 0.1
noise = 0.2
[[stages]]
name = "only"
augmentation = {noise = 0}
)",
                                     "trial.toml");
  ASSERT_TRUE(recipe.stages[0].augmentation.has_value());
  EXPECT_EQ(recipe.stages[0].augmentation->hue, 0.1);
  EXPECT_EQ(recipe.stages[0].augmentation->noise, 0.0);
  EXPECT_EQ(recipe.augmentation.noise, 0.2);
}

TEST(Recipe, FloatIsTheFormatOfUnquantizedWeights) {
  const Recipe recipe = parsed("quantization = {weights = \"float\"}");
  EXPECT_EQ(recipe.stages[0].quantization.weights, std::nullopt);
}

TEST(Recipe, AStageCanReturnToTheFormatOfAllWeights) {
  const Recipe recipe = parse_recipe(
      "name = \"trial\"\nquantization = {depthwise = \"w8\"}\n[[stages]]\nname = \"only\"\n"
      "quantization = {depthwise = \"as_weights\"}\n",
      "trial.toml");
  EXPECT_EQ(recipe.stages[0].quantization.depthwise, std::nullopt);
}

TEST(Recipe, KeepsItsTextAndTheHashOfIt) {
  const std::string text = with("");
  const Recipe recipe = parse_recipe(text, "trial.toml");
  EXPECT_EQ(recipe.text, text);
  EXPECT_THAT(recipe.hash, ::testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(parse_recipe(text, "other.toml").hash, recipe.hash);
  EXPECT_NE(parse_recipe(text + " ", "trial.toml").hash, recipe.hash);
}

TEST(RecipeRefusal, AnUnknownFieldWithItsLineAndTheNearestName) {
  EXPECT_EQ(refusal(with("[optimizer]\nlearning_rat = 1")),
            "trial.toml:3: optimizer.learning_rat: there is no such field; the nearest is "
            "learning_rate");
}

TEST(RecipeRefusal, AnUnknownTable) {
  EXPECT_EQ(refusal(with("[optimiser]\nkind = \"adam\"")),
            "trial.toml:2: optimiser: there is no such field; the nearest is optimizer");
}

TEST(RecipeRefusal, AnUnknownFieldOfAStage) {
  EXPECT_EQ(refusal(with("") + "epoch = 2"),
            "trial.toml:5: stages.epoch: there is no such field; the nearest is epochs");
}

TEST(RecipeRefusal, ValuesOfAnotherType) {
  EXPECT_EQ(refusal(with("seed = 1.5")),
            "trial.toml:2: seed: is not a whole number; write a whole number");
  EXPECT_EQ(refusal(with("dropout = \"much\"")),
            "trial.toml:2: dropout: is not a number; write a number");
  EXPECT_EQ(
      refusal(with("augmentation = {horizontal_flip = 1}")),
      "trial.toml:2: augmentation.horizontal_flip: is not true or false; write true or false");
  EXPECT_THAT(refusal(with("preprocessing = {mean = [1, 2]}")), HasSubstr("three numbers"));
  EXPECT_THAT(refusal(with("preprocessing = {mean = [true, false, true]}")),
              HasSubstr("holds more than numbers"));
  EXPECT_THAT(refusal(with("quantization = {layers = {bneck1 = 8}}")),
              HasSubstr("holds more than words"));
  EXPECT_THAT(refusal(with("seed = 2019-01-01")), HasSubstr("not a whole number"));
  EXPECT_THAT(refusal(with("optimizer = 3")), HasSubstr("is not a table; write [optimizer]"));
}

TEST(RecipeRefusal, ValuesOutOfTheirRange) {
  EXPECT_EQ(refusal(with("batch_size = 0")),
            "trial.toml:2: batch_size: 0 is out of its range; take 1 .. 65536");
  EXPECT_EQ(refusal(with("dropout = 1")),
            "trial.toml:2: dropout: 1 is out of its range; take 0 .. below 1");
  EXPECT_THAT(refusal(with("optimizer = {learning_rate = 0}")), HasSubstr("above 0 .. 10"));
  EXPECT_THAT(refusal(with("optimizer = {clip_norm = inf}")), HasSubstr("take at least 0"));
  EXPECT_THAT(refusal(with("optimizer = {clip_norm = nan}")), HasSubstr("take at least 0"));
}

TEST(RecipeRefusal, WordsThatAreNoChoice) {
  EXPECT_EQ(refusal(with("optimizer = {kind = \"lamb\"}")),
            "trial.toml:2: optimizer.kind: there is no \"lamb\"; take adam, adamw or sgd");
  EXPECT_THAT(refusal(with("quantization = {weights = \"w3\"}")),
              HasSubstr("take w2-ternary, w2, w4, w8 or float"));
  EXPECT_THAT(refusal(with("quantization = {layers = {bneck1 = \"float\"}}")),
              HasSubstr("take w2-ternary, w2, w4 or w8"));
}

TEST(RecipeRefusal, ALayerThatTheNetworkLacks) {
  EXPECT_EQ(refusal(with("quantization = {layers = {bneck99 = \"w8\"}}")),
            "trial.toml:3: quantization.layers: the network has no layer \"bneck99\"; "
            "`coco-mcu describe coco_mcu --layers` lists them");
}

TEST(RecipeRefusal, ANetworkThatIsNotInTheZoo) {
  EXPECT_THAT(refusal(with("network = \"resnet\"")), StartsWith("trial.toml:2: network: "));
}

TEST(RecipeRefusal, MissingNamesAndStages) {
  EXPECT_THAT(refusal("seed = 1\n[[stages]]\nname = \"only\""), HasSubstr(": name: is missing"));
  EXPECT_THAT(refusal("name = \"trial\""), HasSubstr("stages: there is none; write [[stages]]"));
  EXPECT_THAT(refusal("name = \"trial\"\nstages = 3"), HasSubstr("stages: is no list"));
  EXPECT_THAT(refusal("name = \"trial\"\n[[stages]]\nepochs = 2"),
              StartsWith("trial.toml:2: stages.name: is missing"));
}

TEST(RecipeRefusal, TwoStagesOfOneName) {
  EXPECT_EQ(refusal(with("") + "[[stages]]\nname = \"only\""),
            "trial.toml:5: stages.name: \"only\" is another stage's, too; take another name");
}

TEST(RecipeRefusal, NamesThatWouldNotDoAsFileNames) {
  EXPECT_THAT(refusal("name = \"../up\"\n[[stages]]\nname = \"only\""),
              HasSubstr("letters, digits"));
}

TEST(RecipeRefusal, StepsWithoutMilestonesOrInDisorder) {
  EXPECT_THAT(refusal(with("schedule = {kind = \"step\"}")),
              HasSubstr("schedule.milestones: is missing"));
  EXPECT_THAT(refusal(with("schedule = {milestones = [0.8, 0.6]}")), HasSubstr("do not rise"));
}

TEST(RecipeRefusal, AWarmUpLongerThanItsStage) {
  EXPECT_THAT(refusal(with("schedule = {warmup_epochs = 2}")),
              HasSubstr("schedule.warmup_epochs: 2 is longer than the stage; take at most 1"));
}

TEST(RecipeRefusal, TextThatIsNotToml) {
  const std::string message = refusal("name = \"trial\"\nseed = = 1\n");
  EXPECT_THAT(message, StartsWith("trial.toml:2: not TOML: "));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("\n")));
}

TEST(Recipe, CommentsMayHaveAnyLetters) {
  EXPECT_EQ(parsed("seed = 3  # \u00c9t\u00e9").seed, 3U);
}

TEST(RecipeRefusal, OtherLettersOutsideOfComments) {
  EXPECT_THAT(refusal("name = \"trial\"\n\u0495 = 1\n"), StartsWith("trial.toml:2: not TOML: "));
  EXPECT_THAT(refusal("name = \"\u0495\"\n"), StartsWith("trial.toml:1: name: "));
}

TEST(RecipeRefusal, FilesThatAreMissingOrFarTooLong) {
  const coco_mcu::testing::TemporaryFolder folder;
  const auto file = folder.path() / "long.toml";
  EXPECT_THAT(coco_mcu::testing::complaint([&] { read_recipe(file); }),
              HasSubstr("long.toml: cannot be read"));
  std::ofstream(file) << std::string(std::size_t{2} << 20U, '\n');
  EXPECT_THAT(coco_mcu::testing::complaint([&] { read_recipe(file); }),
              HasSubstr("longer than a mebibyte"));
}

TEST(Recipes, AreReadUnderTheirNames) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("recipes")) {
    const Recipe recipe = read_recipe(entry.path(), "models/person-checkpoint");
    EXPECT_EQ(recipe.name, entry.path().stem());
    ++count;
  }
  EXPECT_GT(count, 5);
}

TEST(Recipes, Reference2019IsTheTrainingOf2019) {
  const Recipe recipe = read_recipe("recipes/reference-2019.toml");
  EXPECT_EQ(recipe.network, "coco_mcu");
  EXPECT_EQ(recipe.preprocessing.resize, core::Resize::kLegacyBilinear);
  EXPECT_EQ(recipe.augmentation.crop_rule, dataset::CropRule::kKeepLabel);
  ASSERT_EQ(recipe.stages.size(), 1U);
  const Stage& stage = recipe.stages[0];
  EXPECT_EQ(stage.epochs, 140.0);
  EXPECT_EQ(stage.quantization.scheme, QuantizationOptions::Scheme::kTfContrib2019);
  EXPECT_EQ(stage.quantization.delay, 10'000);
  EXPECT_EQ(stage.optimizer.decay, OptimizerOptions::Decay::kKernels);
  EXPECT_DOUBLE_EQ(schedule_factor(stage.schedule, 90, 140, 0), 0.1);
}

TEST(Recipes, TwoBitEndsInTwoBits) {
  const Recipe recipe = read_recipe("recipes/two-bit.toml");
  EXPECT_TRUE(recipe.reinitialize_dead);
  ASSERT_EQ(recipe.stages.size(), 3U);
  EXPECT_EQ(recipe.stages[0].quantization.scheme, QuantizationOptions::Scheme::kNone);
  const auto format = [&](std::size_t stage, std::string_view layer, bool first, bool depthwise) {
    return weight_format(recipe.stages[stage].quantization, layer, first, depthwise, false);
  };
  EXPECT_EQ(format(1, "bneck4.expand", false, false), core::WeightFormat::kSigned4);
  EXPECT_EQ(format(2, "bneck4.expand", false, false), core::WeightFormat::kFourLevel2);
  EXPECT_EQ(format(2, "bneck4.depthwise", false, true), core::WeightFormat::kSigned8);
  EXPECT_EQ(format(2, "first_layer", true, false), core::WeightFormat::kSigned8);
}

TEST(Recipes, TryTinyTrainsTheTinyNetwork) {
  const Recipe recipe = read_recipe("recipes/try-tiny.toml");
  EXPECT_EQ(recipe.network, "tiny");
  EXPECT_EQ(recipe.stages.back().quantization.weights, core::WeightFormat::kFourLevel2);
}

/// The rows of docs/recipes.md's tables of fields, and the table that each belongs to: under a
/// heading "## `[optimizer]`" stand that table's.
std::set<std::string> documented_fields() {
  std::ifstream page("docs/recipes.md");
  std::set<std::string> rows;
  std::string table;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) {
      const auto from = line.find_first_not_of("`[", line.find('`'));
      const auto to = line.find_first_of("]`", from);
      table = line.find('[') == std::string::npos ? "" : line.substr(from, to - from);
    }
    if (line.starts_with("| `")) rows.insert(table + " " + line);
  }
  return rows;
}

std::set<std::string> known_fields() {
  std::set<std::string> rows;
  for (const FieldDescription& field : recipe_fields()) {
    rows.insert(fmt::format("{} | `{}` | {} | {} | {} |", field.table, field.name, field.meaning,
                            field.initial, field.range));
  }
  return rows;
}

std::set<std::string> without(const std::set<std::string>& rows,
                              const std::set<std::string>& others) {
  std::set<std::string> rest;
  std::set_difference(rows.begin(), rows.end(), others.begin(), others.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

TEST(RecipeDocumentation, HasEveryFieldAsTheParserKnowsIt) {
  EXPECT_THAT(without(known_fields(), documented_fields()), IsEmpty());
}

TEST(RecipeDocumentation, HasNoFieldThatTheParserDoesNotKnow) {
  EXPECT_THAT(without(documented_fields(), known_fields()), IsEmpty());
}

TEST(RecipeFields, EveryMeaningIsAShortLine) {
  for (const FieldDescription& field : recipe_fields()) {
    EXPECT_FALSE(field.meaning.empty()) << field.name;
    EXPECT_LE(field.meaning.size(), 90U) << field.name;
    EXPECT_FALSE(field.range.empty()) << field.name;
  }
}

}  // namespace
}  // namespace coco_mcu::training
