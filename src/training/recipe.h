// A recipe: everything that a training does beside its data, read from TOML. docs/recipes.md says
// what each field means; recipes/ has three.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/preprocessing.h"
#include "core/weight_format.h"
#include "dataset/augmentation.h"
#include "network/network.h"

namespace coco_mcu::training {

/// How the learning rate moves over a stage, as a factor of its base; t in 0..1 is the share of the
/// stage that is done. During the first `warmup_epochs` it rises linearly from zero.
struct Schedule {
  enum class Kind {
    kConstant,
    kStep,         // times `factor` at each of `milestones`
    kExponential,  // final_factor ^ t
    kCosine,       // final_factor + (1 - final_factor) * (1 + cos(pi t)) / 2
  };
  Kind kind = Kind::kConstant;
  double final_factor = 0.01;
  std::vector<double> milestones = {};  // shares of the stage, rising
  double factor = 0.1;
  double warmup_epochs = 0.0;
};

struct OptimizerOptions {
  enum class Kind { kAdam, kAdamW, kSgd };
  /// What weight decay pulls at. Decay of a kernel that batch norm or a learned step rescales does
  /// nothing but shrink it, until its branch is dead (docs/recipes.md).
  enum class Decay {
    kKernels,   // all kernels: L2 as in 2019
    kUnscaled,  // only kernels whose scale nothing else sets
  };
  Kind kind = Kind::kAdam;
  double learning_rate = 1e-3;
  double quantizer_rate_factor = 1.0;  // learning rate of steps and ranges, relative
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-7;
  double momentum = 0.9;  // kSgd
  double weight_decay = 0.0;
  Decay decay = Decay::kUnscaled;
  double clip_norm = 0.0;  // of all gradients together; 0: not clipped
};

/// Which tensors are quantized in a stage.
struct QuantizationOptions {
  enum class Scheme {
    kNone,
    kTfContrib2019,  // the placement and the ranges of 2019
    kLearned,        // wherever the integer engine quantizes; learned steps and ranges
  };
  Scheme scheme = Scheme::kNone;
  /// Batches of the stage before the quantizers act.
  std::int64_t delay = 0;
  /// kLearned: the formats of kernels, the most particular one counts. Nothing: not quantized.
  std::optional<core::WeightFormat> weights = core::WeightFormat::kSigned8;
  std::optional<core::WeightFormat> first_layer = {};  // nothing: as `weights`
  std::optional<core::WeightFormat> depthwise = {};
  std::optional<core::WeightFormat> last_layer = {};
  std::map<std::string, core::WeightFormat> layers = {};  // by layer ("bneck4.depthwise") or block
  bool activations = true;                                // kLearned: 8-bit activations, too
  /// Batches whose ranges the learned quantizers of activations start from.
  int calibration_batches = 8;
  /// Weights that change their level oftener than in this share of the last batches are frozen
  /// (Nagel et al. 2022); 0: none.
  double freeze_oscillation = 0.0;
  double freeze_from = 0.8;  // share of the stage
};

struct DistillationOptions {
  double weight = 0.0;               // of the teacher's cross entropy; 1 - weight is the label's
  double temperature = 1.0;          // of teacher networks and of the student against them
  double weak_positive_floor = 0.0;  // see dataset::LoaderOptions
};

struct BatchNormOptions {
  double momentum = 0.99;      // share of the old running statistics that is kept
  double freeze_after = 1.0;   // share of the stage from which on the running statistics are used
  int reestimate_batches = 0;  // at the end of the stage and before each evaluation; 0: never
};

struct Stage {
  std::string name;
  double epochs = 1.0;
  OptimizerOptions optimizer;
  Schedule schedule;
  QuantizationOptions quantization;
  DistillationOptions distillation;
  BatchNormOptions batch_norm;
  double label_smoothing = 0.0;
  double averaging = 0.0;  // decay of the exponential average of the weights; 0: off
  std::optional<dataset::Augmentation> augmentation;  // nothing: the recipe's
};

struct Recipe {
  std::string name;
  std::uint64_t seed = 1;
  std::string network = "coco_mcu";
  network::Network description;       // the zoo's of that name, or the initial checkpoint's
  core::Preprocessing preprocessing;  // height and width are the network's
  std::optional<double> dropout;      // instead of the network's own rates
  bool reinitialize_dead = false;     // channels of the initial checkpoint that are dead
  bool silence_dead = false;          // the same channels stay dead, and lowering removes them
  int batch_size = 64;
  int evaluate_every = 1;           // epochs
  double checkpoint_minutes = 5.0;  // beside those after each evaluation
  dataset::Augmentation augmentation;
  std::vector<Stage> stages;
  std::string text;  // the file, for the run's folder
  std::string hash;  // of the text, 16 hexadecimal digits
};

/// Throws std::runtime_error "FILE:LINE: field: reason; remedy": not TOML, a field that is unknown,
/// missing, of another type or out of its range. A stage takes what it does not say from the
/// recipe's tables of the same names ([optimizer], [schedule], [quantization], ...).
/// A recipe for the network "initial" trains the one that the initial checkpoint brings along; only
/// then is that folder read.
Recipe read_recipe(const std::filesystem::path& file,
                   const std::filesystem::path& initial_checkpoint = {});
Recipe parse_recipe(std::string_view text, std::string_view file,
                    const std::filesystem::path& initial_checkpoint = {});

/// A recipe's network by this name is that of the initial checkpoint.
constexpr std::string_view kInitialNetwork = "initial";

/// The factor of the learning rate at `step` of a stage of `steps`; `warmup_steps` of them rise.
double schedule_factor(const Schedule& schedule, std::int64_t step, std::int64_t steps,
                       std::int64_t warmup_steps);

/// The format of a layer; nothing where its kernel stays in floats.
std::optional<core::WeightFormat> weight_format(const QuantizationOptions& options,
                                                std::string_view layer, bool is_first,
                                                bool is_depthwise, bool is_last);

}  // namespace coco_mcu::training
