#include "training/recipe_fields.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace coco_mcu::training {

namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr double kMost = 1e9;  // of counts: fits every integer type

/// The numbers that a field takes.
struct Limits {
  double low = 0.0;
  double high = kNoLimit;
  bool without_low = false;   // `low` itself is refused
  bool without_high = false;  // `high` itself is refused

  bool contain(double value) const {
    return std::isfinite(value) && (without_low ? value > low : value >= low) &&
           (without_high ? value < high : value <= high);
  }
  std::string text() const {
    if (high == kNoLimit || high == kMost) {
      return fmt::format("{} {:g}", without_low ? "above" : "at least", low);
    }
    return fmt::format("{}{:g} .. {}{:g}", without_low ? "above " : "", low,
                       without_high ? "below " : "", high);
  }
};

constexpr Limits kShare = {.low = 0.0, .high = 1.0};
constexpr Limits kShareBelowOne = {.low = 0.0, .high = 1.0, .without_high = true};
constexpr Limits kPositive = {.low = 0.0, .without_low = true};
constexpr Limits kNotNegative = {.low = 0.0};

[[noreturn]] void refuse_type(const char* wanted) {
  throw FieldRefusal(fmt::format("is not {0}; write {0}", wanted));
}

double limited(double value, const Limits& limits) {
  if (!limits.contain(value)) {
    throw FieldRefusal(fmt::format("{:g} is out of its range; take {}", value, limits.text()));
  }
  return value;
}

double number_in(const FieldValue& value, const Limits& limits) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    return limited(static_cast<double>(*whole), limits);
  }
  if (const auto* real = std::get_if<double>(&value)) return limited(*real, limits);
  refuse_type("a number");
}

template <typename Owner, typename Number>
requires std::is_floating_point_v<Number> Field<Owner> field(const char* name,
                                                             Number Owner::*member, Limits limits,
                                                             const char* meaning) {
  return {name, limits.text(), meaning,
          [=](Owner& owner, const FieldValue& value) {
            owner.*member = static_cast<Number>(number_in(value, limits));
          },
          [=](const Owner& owner) { return fmt::format("{:g}", owner.*member); }};
}

template <typename Owner, typename Integer>
requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>) Field<Owner> field(
    const char* name, Integer Owner::*member, Limits limits, const char* meaning) {
  return {name, limits.text(), meaning,
          [=](Owner& owner, const FieldValue& value) {
            const auto* whole = std::get_if<std::int64_t>(&value);
            if (whole == nullptr) refuse_type("a whole number");
            limited(static_cast<double>(*whole), limits);
            owner.*member = static_cast<Integer>(*whole);
          },
          [=](const Owner& owner) { return fmt::format("{}", owner.*member); }};
}

template <typename Owner>
Field<Owner> field(const char* name, bool Owner::*member, const char* meaning) {
  return {name, "true or false", meaning,
          [=](Owner& owner, const FieldValue& value) {
            const auto* flag = std::get_if<bool>(&value);
            if (flag == nullptr) refuse_type("true or false");
            owner.*member = *flag;
          },
          [=](const Owner& owner) { return owner.*member ? "true" : "false"; }};
}

template <typename Owner>
Field<Owner> field(const char* name, std::optional<double> Owner::*member, Limits limits,
                   const char* otherwise, const char* meaning) {
  return {name, limits.text(), meaning,
          [=](Owner& owner, const FieldValue& value) { owner.*member = number_in(value, limits); },
          [=](const Owner& owner) {
            return (owner.*member).has_value() ? fmt::format("{:g}", *(owner.*member)) : otherwise;
          }};
}

bool is_word_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
}

/// Names end up in logs and in names of files.
template <typename Owner>
Field<Owner> field(const char* name, std::string Owner::*member, const char* range,
                   const char* meaning) {
  return {name, range, meaning,
          [=](Owner& owner, const FieldValue& value) {
            const auto* word = std::get_if<std::string>(&value);
            if (word == nullptr || word->empty() ||
                !std::all_of(word->begin(), word->end(), is_word_letter)) {
              refuse_type("a word in quotes, of letters, digits, '-', '_' and '.'");
            }
            owner.*member = *word;
          },
          [=](const Owner& owner) { return owner.*member; }};
}

/// The words that stand for the values of a field.
template <typename Choice>
using Choices = std::vector<std::pair<std::string, Choice>>;

template <typename Choice>
std::string listed(const Choices<Choice>& choices) {
  std::string list = choices.front().first;
  for (std::size_t i = 1; i < choices.size(); ++i) {
    list += (i + 1 < choices.size() ? ", " : " or ") + choices[i].first;
  }
  return list;
}

template <typename Choice>
const Choice& chosen(const FieldValue& value, const Choices<Choice>& choices) {
  const auto* word = std::get_if<std::string>(&value);
  if (word == nullptr) refuse_type("a word in quotes");
  for (const auto& [name, choice] : choices) {
    if (name == *word) return choice;
  }
  throw FieldRefusal(fmt::format("there is no \"{}\"; take {}", *word, listed(choices)));
}

template <typename Owner, typename Choice>
Field<Owner> field(const char* name, Choice Owner::*member, Choices<Choice> choices,
                   const char* meaning) {
  return {name, listed(choices), meaning,
          [=](Owner& owner, const FieldValue& value) { owner.*member = chosen(value, choices); },
          [=](const Owner& owner) {
            for (const auto& [word, choice] : choices) {
              if (owner.*member == choice) return word;
            }
            return std::string();
          }};
}

using Format = std::optional<core::WeightFormat>;

/// The names of the weight formats, and `absent` for none.
Choices<Format> formats(const char* absent) {
  Choices<Format> choices;
  for (const core::WeightFormat format : core::kWeightFormats) {
    choices.push_back({std::string(core::format_name(format)), format});
  }
  choices.push_back({absent, std::nullopt});
  return choices;
}

/// Formats by layer or block; a stage's are added to what it inherits.
Field<QuantizationOptions> layers_field(const char* meaning) {
  return {"layers", "a table of formats", meaning,
          [](QuantizationOptions& options, const FieldValue& value) {
            const auto* words = std::get_if<std::map<std::string, std::string>>(&value);
            if (words == nullptr) refuse_type("a table of formats");
            auto known = formats("");
            known.pop_back();
            for (const auto& [layer, word] : *words) {
              options.layers[layer] = *chosen(FieldValue(word), known);
            }
          },
          [](const QuantizationOptions&) { return "none"; }};
}

/// Red, green, blue.
Field<core::Preprocessing> colour_field(const char* name, float (core::Preprocessing::*member)[3],
                                        Limits limits, const char* meaning) {
  return {name, fmt::format("three numbers, {}", limits.text()), meaning,
          [=](core::Preprocessing& owner, const FieldValue& value) {
            const auto* numbers = std::get_if<std::vector<double>>(&value);
            if (numbers == nullptr || numbers->size() != 3) refuse_type("a list of three numbers");
            for (std::size_t i = 0; i < 3; ++i) {
              (owner.*member)[i] = static_cast<float>(limited((*numbers)[i], limits));
            }
          },
          [=](const core::Preprocessing& owner) {
            return fmt::format("[{}]", fmt::join(owner.*member, ", "));
          }};
}

Field<Schedule> milestones_field(const char* meaning) {
  return {"milestones", "rising numbers, 0 .. 1", meaning,
          [](Schedule& schedule, const FieldValue& value) {
            const auto* shares = std::get_if<std::vector<double>>(&value);
            if (shares == nullptr) refuse_type("a list of numbers");
            for (std::size_t i = 0; i < shares->size(); ++i) {
              limited((*shares)[i], kShare);
              if (i > 0 && (*shares)[i] <= (*shares)[i - 1]) {
                throw FieldRefusal("do not rise; write them in order, each once");
              }
            }
            schedule.milestones = *shares;
          },
          [](const Schedule&) { return "[]"; }};
}

}  // namespace

template <>
const std::vector<Field<Recipe>>& fields_of() {
  static const std::vector<Field<Recipe>> kFields = {
      field("name", &Recipe::name, "a word", "what the run is called"),
      field("seed", &Recipe::seed, {.low = 0, .high = kMost},
            "of everything random: weights, order, augmentation, dropout"),
      field("network", &Recipe::network, "a name that `coco-mcu describe` lists",
            "what is trained; it also says the input's size"),
      field("dropout", &Recipe::dropout, kShareBelowOne, "the network's own",
            "share of elements that a dropout layer sets to zero"),
      field("reinitialize_dead", &Recipe::reinitialize_dead,
            "draw the dead channels of the initial checkpoint anew"),
      field("silence_dead", &Recipe::silence_dead,
            "keep channels that are dead when a stage begins dead: lowering removes them"),
      field("batch_size", &Recipe::batch_size, {.low = 1, .high = 65536},
            "pictures of a step, of all processes together"),
      field("evaluate_every", &Recipe::evaluate_every, {.low = 1, .high = kMost},
            "epochs from one evaluation to the next"),
      field("checkpoint_minutes", &Recipe::checkpoint_minutes, kPositive,
            "minutes from one saved state to the next, beside those after each evaluation"),
  };
  return kFields;
}

template <>
const std::vector<Field<Stage>>& fields_of() {
  static const std::vector<Field<Stage>> kFields = {
      field("name", &Stage::name, "a word", "what the log calls the stage"),
      field("epochs", &Stage::epochs, {.low = 0, .high = 100000, .without_low = true},
            "passes over the training pictures, also parts of one"),
      field("label_smoothing", &Stage::label_smoothing, kShareBelowOne,
            "share of a label's certainty that is spread over both answers"),
      field("averaging", &Stage::averaging, kShareBelowOne,
            "share kept per step by the exponential average of the weights; 0: no average"),
  };
  return kFields;
}

template <>
const std::vector<Field<core::Preprocessing>>& fields_of() {
  using core::Preprocessing;
  using core::Resize;
  static const std::vector<Field<Preprocessing>> kFields = {
      field("resize", &Preprocessing::resize,
            Choices<Resize>{{"bilinear", Resize::kBilinear},
                            {"legacy_bilinear", Resize::kLegacyBilinear}},
            "half-pixel centres, or TensorFlow 1's resize without them"),
      colour_field("mean", &Preprocessing::mean, kShare,
                   "red, green, blue in shares of full scale; subtracted"),
      colour_field("deviation", &Preprocessing::deviation, {.low = 0.001, .high = 10},
                   "red, green, blue in shares of full scale; divided by"),
  };
  return kFields;
}

template <>
const std::vector<Field<dataset::Augmentation>>& fields_of() {
  using dataset::Augmentation;
  using dataset::CropRule;
  static const std::vector<Field<Augmentation>> kFields = {
      field("crop_scale", &Augmentation::crop_scale, {.low = 1, .high = 4},
            "resize to so many times the input's side, then crop at random; 1: no crop"),
      field("crop_rule", &Augmentation::crop_rule,
            Choices<CropRule>{{"keep_label", CropRule::kKeepLabel},
                              {"relabel", CropRule::kRelabel},
                              {"redraw", CropRule::kRedraw}},
            "what happens where a crop cuts the persons away"),
      field("min_visible", &Augmentation::min_visible, kShare,
            "share of the crop that one person must cover to count"),
      field("horizontal_flip", &Augmentation::horizontal_flip, "mirror every second picture"),
      field("brightness", &Augmentation::brightness, kShare,
            "added, up to this share of full scale, up or down"),
      field("contrast", &Augmentation::contrast, kShare,
            "factor 1 - c .. 1 + c around the picture's mean"),
      field("saturation", &Augmentation::saturation, kShare,
            "factor 1 - s .. 1 + s around each pixel's grey"),
      field("hue", &Augmentation::hue, {.low = 0, .high = 0.5},
            "turn by up to this share of the circle of hues, both ways"),
      field("rotation", &Augmentation::rotation, {.low = 0, .high = 180},
            "turn by up to so many degrees, both ways"),
      field("down_scale", &Augmentation::down_scale, {.low = 0, .high = 1, .without_low = true},
            "shrink to between this share of the side and all of it, and enlarge again"),
      field("down_scale_chance", &Augmentation::down_scale_chance, kShare,
            "share of the pictures that are shrunk and enlarged"),
      field("jpeg_quality", &Augmentation::jpeg_quality, {.low = 0, .high = 95},
            "encode as JPEG with a quality from this one to 95, and decode; 0: off"),
      field("jpeg_chance", &Augmentation::jpeg_chance, kShare,
            "share of the pictures that are encoded again"),
      field("noise", &Augmentation::noise, kShare,
            "standard deviation of added noise, up to this share of full scale"),
  };
  return kFields;
}

template <>
const std::vector<Field<OptimizerOptions>>& fields_of() {
  using Options = OptimizerOptions;
  static const std::vector<Field<Options>> kFields = {
      field("kind", &Options::kind,
            Choices<Options::Kind>{{"adam", Options::Kind::kAdam},
                                   {"adamw", Options::Kind::kAdamW},
                                   {"sgd", Options::Kind::kSgd}},
            "rule of a step; adamw keeps the decay out of the moments"),
      field("learning_rate", &Options::learning_rate, {.low = 0, .high = 10, .without_low = true},
            "base that the schedule multiplies"),
      field("quantizer_rate_factor", &Options::quantizer_rate_factor, {.low = 0, .high = 100},
            "learning rate of steps and ranges, as a factor; 0: they stay as they start"),
      field("beta1", &Options::beta1, kShareBelowOne, "share of the old first moment kept (adam)"),
      field("beta2", &Options::beta2, kShareBelowOne, "share of the old second moment kept (adam)"),
      field("epsilon", &Options::epsilon, {.low = 0, .high = 1, .without_low = true},
            "added to the root of the second moment (adam)"),
      field("momentum", &Options::momentum, kShareBelowOne, "share of the old step kept (sgd)"),
      field("weight_decay", &Options::weight_decay, kShare,
            "of the weights that `decay` names, per step and rate"),
      field("decay", &Options::decay,
            Choices<Options::Decay>{{"kernels", Options::Decay::kKernels},
                                    {"unscaled", Options::Decay::kUnscaled}},
            "what decays: all kernels, or those whose scale nothing else sets"),
      field("clip_norm", &Options::clip_norm, kNotNegative,
            "longest gradient, all tensors together; 0: any"),
  };
  return kFields;
}

template <>
const std::vector<Field<Schedule>>& fields_of() {
  using Kind = Schedule::Kind;
  static const std::vector<Field<Schedule>> kFields = {
      field("kind", &Schedule::kind,
            Choices<Kind>{{"constant", Kind::kConstant},
                          {"step", Kind::kStep},
                          {"exponential", Kind::kExponential},
                          {"cosine", Kind::kCosine}},
            "how the learning rate moves over a stage"),
      field("final_factor", &Schedule::final_factor, {.low = 0, .high = 1, .without_low = true},
            "factor at the end of the stage (exponential, cosine)"),
      milestones_field("shares of the stage at which the rate is multiplied by `factor` (step)"),
      field("factor", &Schedule::factor, {.low = 0, .high = 1, .without_low = true},
            "factor at each milestone (step)"),
      field("warmup_epochs", &Schedule::warmup_epochs, {.low = 0, .high = 100000},
            "epochs in which the rate rises from zero"),
  };
  return kFields;
}

template <>
const std::vector<Field<QuantizationOptions>>& fields_of() {
  using Options = QuantizationOptions;
  using Scheme = Options::Scheme;
  static const std::vector<Field<Options>> kFields = {
      field("scheme", &Options::scheme,
            Choices<Scheme>{{"none", Scheme::kNone},
                            {"tf-contrib-2019", Scheme::kTfContrib2019},
                            {"learned", Scheme::kLearned}},
            "no quantizers, those of 2019, or learned ones wherever the integer engine quantizes"),
      field("delay", &Options::delay, {.low = 0, .high = kMost},
            "batches of the stage before the quantizers act"),
      field("weights", &Options::weights, formats("float"), "format of kernels (learned)"),
      field("first_layer", &Options::first_layer, formats("as_weights"),
            "format of the layer that reads the picture (learned)"),
      field("depthwise", &Options::depthwise, formats("as_weights"),
            "format of depthwise layers (learned)"),
      field("last_layer", &Options::last_layer, formats("as_weights"),
            "format of the layer that makes the logits (learned)"),
      layers_field("format by name of layer or block (learned)"),
      field("activations", &Options::activations, "8-bit activations, too (learned)"),
      field("calibration_batches", &Options::calibration_batches, {.low = 1, .high = 10000},
            "batches whose ranges the activations start from (learned)"),
      field("freeze_oscillation", &Options::freeze_oscillation, kShareBelowOne,
            "freeze weights that change level oftener than in this share of batches; 0: none"),
      field("freeze_from", &Options::freeze_from, kShare,
            "share of the stage from which on weights are frozen"),
  };
  return kFields;
}

template <>
const std::vector<Field<DistillationOptions>>& fields_of() {
  using Options = DistillationOptions;
  static const std::vector<Field<Options>> kFields = {
      field("weight", &Options::weight, kShare,
            "of the teacher's cross entropy; the label's has the rest"),
      field("temperature", &Options::temperature, {.low = 0.1, .high = 100},
            "divides the logits of a teacher network and of the student against it"),
      field("weak_positive_floor", &Options::weak_positive_floor, kShare,
            "teacher probabilities of weakly positive pictures are raised to this"),
  };
  return kFields;
}

template <>
const std::vector<Field<BatchNormOptions>>& fields_of() {
  using Options = BatchNormOptions;
  static const std::vector<Field<Options>> kFields = {
      field("momentum", &Options::momentum, kShareBelowOne,
            "share of the old running statistics that is kept"),
      field("freeze_after", &Options::freeze_after, kShare,
            "share of the stage from which on the running statistics are used"),
      field("reestimate_batches", &Options::reestimate_batches, {.low = 0, .high = 100000},
            "batches to re-estimate on before each evaluation and at the end; 0: never"),
  };
  return kFields;
}

namespace {

template <typename Owner>
void describe(const char* table, std::vector<FieldDescription>& list) {
  for (const auto& field : fields_of<Owner>()) {
    const std::string initial = field.show(Owner{});
    list.push_back(
        {table, field.name, field.meaning, initial.empty() ? "required" : initial, field.range});
  }
}

}  // namespace

std::vector<FieldDescription> recipe_fields() {
  std::vector<FieldDescription> list;
  describe<Recipe>("", list);
  describe<core::Preprocessing>("preprocessing", list);
  describe<dataset::Augmentation>("augmentation", list);
  describe<OptimizerOptions>("optimizer", list);
  describe<Schedule>("schedule", list);
  describe<QuantizationOptions>("quantization", list);
  describe<DistillationOptions>("distillation", list);
  describe<BatchNormOptions>("batch_norm", list);
  describe<Stage>("stages", list);
  return list;
}

}  // namespace coco_mcu::training
