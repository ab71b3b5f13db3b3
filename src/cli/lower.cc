#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/annotated_pictures.h"
#include "cli/commands.h"
#include "cli/reduced_checkpoint.h"
#include "dataset/image.h"
#include "engine/seal.h"
#include "lowering/calibration.h"
#include "lowering/idle_weights.h"
#include "lowering/policy.h"
#include "lowering/quantize.h"
#include "lowering/quantize_grids.h"
#include "lowering/reduce.h"
#include "lowering/sensitivity.h"
#include "model/serialize.h"
#include "network/checkpoint.h"
#include "planning/whole_tensor.h"
#include "report/file.h"
#include "report/progress.h"
#include "report/table.h"
#include "training/float_network.h"

namespace coco_mcu::cli {
namespace {

constexpr int kSensitivityPictures = 16;    // enough to rank layers, each is run for every format
constexpr double kLeastProbability = 1e-9;  // whose logarithm still says something in float32

struct Options {
  std::string checkpoint;
  AnnotationOptions calibration;
  int pictures = 128;
  std::string policy;
  int bytes = 0;  // 0: no budget
  std::string ranges = "percentile";
  double prune_below = 0.0;
  bool no_removal = false;
  bool no_bias_correction = false;
  double threshold = 0.5;
  std::string out;

  bool has_pictures() const { return !calibration.annotations.empty(); }

  lowering::ReduceOptions reduction() const {
    return {.exact_removal = !no_removal, .prune_below = prune_below};
  }

  bool takes_trained_ranges() const {
    return policy == "trained" || policy.starts_with("trained,");
  }

  std::string policy_text() const {
    return bytes > 0 ? fmt::format("{} bytes of weights", bytes) : policy;
  }
};

ReducedCheckpoint read_floats(const Options& options) {
  ReducedCheckpoint floats = read_reduced_checkpoint(options.checkpoint, options.reduction());
  for (const std::string& line : lowering::describe(floats.report)) fmt::print("{}\n", line);
  return floats;
}

/// Pixels of the input size, one picture each.
using Pixels = std::vector<std::vector<std::uint8_t>>;

Pixels read_pixels(const std::vector<std::filesystem::path>& files,
                   const core::Preprocessing& preprocessing) {
  Pixels pixels;
  report::Progress progress("read", static_cast<std::int64_t>(files.size()));
  for (const std::filesystem::path& file : files) {
    pixels.push_back(dataset::prepare(dataset::read_image(file), preprocessing).rgb);
    progress.advance();
  }
  progress.finish();
  return pixels;
}

lowering::Calibration calibrate(const ReducedCheckpoint& floats,
                                const lowering::FusedNetwork& operators, const Pixels& pixels,
                                const Options& options) {
  const auto float_network = floats.open();
  report::Progress progress("calibrate", static_cast<std::int64_t>(pixels.size()));
  const auto activations = [&](std::size_t picture, const std::vector<std::string>& names) {
    std::vector<std::vector<float>> values;
    for (auto& output : float_network->outputs(pixels[picture], names)) {
      values.push_back(std::move(output.values));
    }
    return values;
  };
  lowering::Calibration calibration = lowering::calibrate(floats.network, operators, pixels.size(),
                                                          lowering::range_rule(options.ranges),
                                                          activations, [&] { progress.advance(); });
  progress.finish();
  return calibration;
}

/// "mixed", or what training has left where it has learned grids.
const char* default_policy(const lowering::TrainedQuantizers& quantizers) {
  const bool is_learned = std::ranges::any_of(quantizers, [](const auto& each) {
    return each.quantizer.kind != network::QuantizerKind::kTrackedRange;
  });
  return is_learned ? "trained" : "mixed";
}

/// What the pictures have to tell, which neither training nor exact weights do; empty for nothing.
std::string why_pictures(const ReducedCheckpoint& floats, const lowering::FusedNetwork& operators,
                         const lowering::Ranges& trained,
                         const lowering::QuantizeOptions& quantization) {
  for (const network::NodeId node : lowering::nodes_to_calibrate(operators)) {
    const std::string& name = floats.network.nodes[node].name;
    if (!trained.contains(name)) return fmt::format("layer {} has no trained range", name);
  }
  const bool corrects = quantization.bias_correction &&
                        lowering::needs_means(floats.network, operators, floats.checkpoint.tensors,
                                              quantization.formats);
  return corrects ? "bias correction needs means, unless --no-bias-correction" : "";
}

/// Logarithms of the probabilities of some pictures: the logits, but for a constant of each
/// picture.
std::vector<double> log_probabilities(const training::FloatNetwork& network, const Pixels& pixels) {
  std::vector<double> logarithms;
  const std::size_t count = std::min<std::size_t>(pixels.size(), kSensitivityPictures);
  for (std::size_t i = 0; i < count; ++i) {
    for (const float probability : network.infer(pixels[i])) {
      logarithms.push_back(std::log(std::max(double{probability}, kLeastProbability)));
    }
  }
  return logarithms;
}

lowering::WeightFormats formats_within(const ReducedCheckpoint& floats,
                                       const lowering::FusedNetwork& operators,
                                       const Pixels& pixels, const Options& options) {
  const std::vector<double> expected = log_probabilities(*floats.open(), pixels);
  const auto error = [&](const network::Tensors& tensors) {
    network::Checkpoint changed = floats.checkpoint;
    changed.tensors = tensors;
    const auto computed =
        log_probabilities(*training::open_float_network(floats.network, changed), pixels);
    double sum = 0.0;
    for (std::size_t i = 0; i < expected.size(); ++i) sum += std::pow(computed[i] - expected[i], 2);
    return sum / static_cast<double>(expected.size());
  };
  const auto layers = lowering::weight_layers(floats.network, operators).size();
  report::Progress progress("sensitivity of layers", static_cast<std::int64_t>(layers));
  const auto measured = lowering::measure_sensitivity(
      floats.network, operators, floats.checkpoint.tensors, error, [&] { progress.advance(); });
  progress.finish();
  return lowering::choose_within(measured, options.bytes);
}

void print_summary(const model::IntegerModel& made, std::size_t file_bytes,
                   const std::string& file) {
  using report::Align;
  report::Table table({{"bytes", Align::kRight}, {"", Align::kLeft}});
  const lowering::StoredBytes stored = lowering::stored_bytes(made);
  table.row({std::to_string(stored.weights), "packed weights"});
  table.row({std::to_string(stored.requantization), "multipliers and offsets"});
  table.row({std::to_string(stored.tables), "tables"});
  table.row({std::to_string(file_bytes), "file " + file});
  table.row({std::to_string(made.plan.arena_bytes), "RAM while it runs"});
  fmt::print("{}\n", table.text());
}

void check(const Options& options) {
  if (options.bytes > 0 && !options.policy.empty()) {
    throw UsageError("--bytes chooses the formats itself; leave --policy out");
  }
  if (options.pictures == 0) throw UsageError("--pictures 0: ranges need pictures; give 1 or more");
  if (options.has_pictures() != !options.calibration.images.empty()) {
    throw UsageError("--calibrate names pictures and --images has them; give both or neither");
  }
  if (options.bytes > 0 && !options.has_pictures()) {
    throw UsageError("--bytes: errors are measured on pictures; give --calibrate and --images");
  }
}

/// From the pictures where there are any, with the trained ranges in place of theirs.
lowering::Calibration ranges_and_means(const ReducedCheckpoint& floats,
                                       const lowering::FusedNetwork& operators,
                                       const Pixels& pixels, const Options& options,
                                       const lowering::QuantizeOptions& quantization) {
  lowering::Ranges trained;
  if (options.takes_trained_ranges()) {
    trained = lowering::trained_ranges(floats.network, operators, floats.quantizers);
  }
  lowering::Calibration calibration;
  if (options.has_pictures()) {
    calibration = calibrate(floats, operators, pixels, options);
  } else if (const auto why = why_pictures(floats, operators, trained, quantization);
             !why.empty()) {
    throw UsageError(fmt::format("pictures are needed ({}); give --calibrate and --images", why));
  }
  trained.merge(calibration.ranges);
  calibration.ranges = std::move(trained);
  return calibration;
}

std::string calibration_text(const Options& options, std::size_t pictures) {
  if (!options.has_pictures()) return "none: all ranges are trained";
  const std::filesystem::path annotations = options.calibration.annotations;
  return fmt::format("{} pictures of {}, {}", pictures, annotations.filename().string(),
                     options.ranges);
}

void lower(Options options) {
  check(options);
  const ReducedCheckpoint floats = read_floats(options);
  const core::Preprocessing& preprocessing = floats.checkpoint.preprocessing;
  const lowering::FusedNetwork operators = lowering::fuse(floats.network);
  if (options.bytes == 0 && options.policy.empty()) {
    options.policy = default_policy(floats.quantizers);
  }
  lowering::QuantizeOptions quantization;
  quantization.bias_correction = !options.no_bias_correction;
  quantization.preprocessing = preprocessing;
  if (options.bytes == 0) {
    quantization.formats = lowering::choose_formats(options.policy, floats.network, operators,
                                                    floats.checkpoint.tensors);
  }
  Pixels pixels;
  if (options.has_pictures()) {
    const auto chosen =
        spread_pictures(options.calibration, static_cast<std::size_t>(options.pictures));
    pixels = read_pixels(chosen, preprocessing);
  }
  const lowering::Calibration calibration =
      ranges_and_means(floats, operators, pixels, options, quantization);
  if (options.bytes > 0) {
    quantization.formats = formats_within(floats, operators, pixels, options);
  }
  quantization.threshold = options.threshold;
  quantization.provenance = floats.checkpoint.provenance;
  quantization.provenance["created_by"] = network::created_by();
  record_reduction(options.reduction(), quantization.provenance);
  quantization.provenance["policy"] = options.policy_text();
  quantization.provenance["calibration"] = calibration_text(options, pixels.size());
  model::IntegerModel made = lowering::quantize(
      floats.network, operators, floats.checkpoint.tensors, calibration, quantization);
  if (!options.no_removal) lowering::leave_out_idle_weights(made);
  made.plan = planning::plan_whole_tensors(made);
  engine::seal(made);
  const std::vector<std::uint8_t> bytes = model::serialize(made);
  report::write_file(options.out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  print_summary(made, bytes.size(), options.out);
}

}  // namespace

void add_lower(CommandLine& program) {
  Command command =
      program.command("lower", "Make an integer model of a float checkpoint, for microcontrollers");
  auto options = std::make_shared<Options>();
  command.required_text("--checkpoint", options->checkpoint, "Folder of a float checkpoint");
  command.text("--calibrate", options->calibration.annotations,
               "COCO instances JSON that names the pictures to take ranges from; best some that "
               "the network was trained on. Not needed where training has left all ranges");
  command.text("--images", options->calibration.images, "Folder of the pictures it names");
  command.count("--pictures", options->pictures, "How many of them (default 128)");
  command.text(
      "--policy", options->policy,
      "Bits of the weights: w8, w4, w2 (four levels), w2-ternary, mixed (8 bits where they "
      "are cheap, else 4) or trained (bits and ranges as training left them; default where it "
      "has learned them, else mixed); single layers behind commas: mixed,bneck3.expand=w8");
  command.count("--bytes", options->bytes,
                "Instead of a policy: formats within so many bytes of weights, by how much each "
                "layer's error changes the decision");
  command.choice("--ranges", options->ranges, {"minmax", "percentile", "squared-error"},
                 "How activations get their ranges (default percentile: 99.99 % are not clamped)");
  command.share("--prune-below", options->prune_below,
                "Weights smaller than this become zero first (default 0)");
  command.flag("--no-removal", options->no_removal, "Keep channels that cannot change the output");
  command.flag("--no-bias-correction", options->no_bias_correction,
               "Do not restore each channel's mean after its weights are rounded");
  command.share("--threshold", options->threshold,
                "Person is said from this probability on (default 0.5)");
  command.required_text("--out", options->out, "File of the integer model, model.cmcu");
  command.example(
      "  coco-mcu lower --checkpoint checkpoint --calibrate instances_train2017.json "
      "--images train2017 --policy mixed --out model.cmcu");
  command.action([options] { lower(*options); });
}

}  // namespace coco_mcu::cli
