#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/training_observers.h"
#include "lowering/quantization_sites.h"
#include "lowering/settle.h"
#include "network/costs.h"
#include "report/table.h"
#include "training/training_task.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string recipe;
  std::vector<std::string> data;
  std::vector<std::string> unlabelled;
  std::vector<std::string> validation;
  std::vector<std::string> teacher;
  std::string teacher_name = "ensemble";
  std::vector<std::string> teacher_checkpoint;
  std::string init;
  bool grow = false;
  std::string out;
  bool resume = false;
  std::string device = "cpu";
  int threads = 0;
  int stop_after_steps = 0;
  bool json = false;
};

network::Network network_of(const training::Recipe& recipe) {
  network::Network network = recipe.description;
  for (network::Node& node : network.nodes) {
    if (node.op == network::Op::kDropout && recipe.dropout) node.drop_rate = *recipe.dropout;
  }
  return network;
}

training::TrainingTask task_of(const Options& options) {
  training::TrainingTask task;
  task.recipe = training::read_recipe(options.recipe, options.init);
  task.network = network_of(task.recipe);
  task.sites = lowering::quantization_sites(task.network, task.recipe.preprocessing);
  task.settle = [network = task.network](network::Checkpoint& checkpoint) {
    lowering::settle(network, checkpoint);
  };
  for (const std::string& where : options.data) {
    task.training_data.push_back({.where = where, .labelled = true});
  }
  for (const std::string& where : options.unlabelled) {
    task.training_data.push_back({.where = where, .labelled = false});
  }
  task.validation_data = options.validation;
  task.teacher_probabilities = {options.teacher.begin(), options.teacher.end()};
  task.teacher_name = options.teacher_name;
  task.teacher_checkpoints = {options.teacher_checkpoint.begin(), options.teacher_checkpoint.end()};
  task.initial_checkpoint = options.init;
  task.grow = options.grow;
  task.run = options.out;
  task.resume = options.resume;
  task.device = options.device;
  task.threads = options.threads;
  task.stop_after_steps = options.stop_after_steps;
  return task;
}

/// Bytes of all kernels in the formats of a stage; four for each weight that stays a float.
std::int64_t kernel_bytes(const training::TrainingTask& task, const training::Stage& stage) {
  using Scheme = training::QuantizationOptions::Scheme;
  std::int64_t bytes = 0;
  for (const network::WeightSite& kernel : task.sites.weights) {
    const auto id = task.network.find(kernel.node);
    const std::int64_t weights = network::cost(task.network, *id).weights;
    std::optional<core::WeightFormat> format;
    if (stage.quantization.scheme == Scheme::kLearned) {
      format = weight_format(stage.quantization, kernel.layer, kernel.is_first, kernel.is_depthwise,
                             kernel.is_last);
    }
    const std::int64_t bits = format ? core::weight_bits(*format) : 32;
    bytes += (weights * bits + 7) / 8;
  }
  return bytes;
}

Json costs(const training::TrainingTask& task) {
  const network::Cost total = network::cost(task.network);
  Json stages = Json::array();
  for (const training::Stage& stage : task.recipe.stages) {
    stages.push_back({{"stage", stage.name},
                      {"epochs", stage.epochs},
                      {"weight_bytes", kernel_bytes(task, stage)}});
  }
  return {{"network", task.network.name},
          {"parameters", total.parameters()},
          {"macs", total.macs},
          {"stages", std::move(stages)}};
}

void print_costs(const training::TrainingTask& task) {
  const network::Cost total = network::cost(task.network);
  print_line(fmt::format("{}: {} parameters, {} multiply-accumulates", task.network.name,
                         report::thousands(total.parameters()), report::thousands(total.macs)));
  for (const training::Stage& stage : task.recipe.stages) {
    print_line(fmt::format("  stage {}: {} epochs, {} bytes of weights", stage.name, stage.epochs,
                           report::thousands(kernel_bytes(task, stage))));
  }
}

void report_end(const training::TrainingTask& task, const training::TrainingResult& result,
                bool json) {
  static const std::map<training::TrainingEnd, std::string> kEnds = {
      {training::TrainingEnd::kFinished, "finished"},
      {training::TrainingEnd::kStepLimit, "stopped at its step limit"},
      {training::TrainingEnd::kInterrupted, "interrupted"}};
  const std::string& end = kEnds.at(result.end);
  if (json) {
    print_json_line({{"end", end},
                     {"steps", result.steps},
                     {"run", task.run.string()},
                     {"last", result.last.string()},
                     {"best", result.best.string()}});
  } else if (result.end == training::TrainingEnd::kFinished) {
    print_line(fmt::format("{} after {} steps: last checkpoint {}, best {}", end, result.steps,
                           result.last.string(), result.best.string()));
  } else {
    print_line(fmt::format("{} after {} steps; go on with the same command and --resume", end,
                           result.steps));
  }
}

void train(const Options& options) {
  const training::TrainingTask task = task_of(options);
  std::unique_ptr<training::TrainingObserver> observer =
      options.json ? json_observer() : text_observer();
  // Of several processes only the first one tells; which one this is, the training finds out.
  if (!is_later_process()) {
    if (options.json) {
      print_json_line(costs(task));
    } else {
      print_costs(task);
    }
  }
  const training::TrainingResult result = training::train(task, *observer);
  if (result.is_process_0) report_end(task, result, options.json);
  if (result.end == training::TrainingEnd::kInterrupted) {
    throw Interrupted(fmt::format("{}: interrupted after step {}; its state is saved",
                                  task.run.string(), result.steps));
  }
}

}  // namespace

void add_train(CommandLine& program) {
  Command command = program.command("train", "Train a network by a recipe");
  auto options = std::make_shared<Options>();
  command.required_text("--recipe", options->recipe, "TOML file; see docs/recipes.md");
  command.required_texts("--data", options->data,
                         "Labelled pictures: folders with TFRecord shards, or "
                         "instances.json:FOLDER");
  command.texts("--unlabelled", options->unlabelled,
                "Pictures that only the teacher knows; may be given several times");
  command.texts("--validation", options->validation,
                "Pictures to evaluate on, never trained on; may be given several times");
  command.texts("--teacher", options->teacher,
                "JSON file with a teacher's probabilities; may be given several times");
  command.text("--teacher-name", options->teacher_name,
               "Which of several teachers in these files (ensemble)");
  command.texts("--teacher-checkpoint", options->teacher_checkpoint,
                "Float checkpoint of a teacher network; several speak as one");
  command.text("--init", options->init, "Float checkpoint to begin from");
  command.flag("--grow", options->grow,
               "The initial checkpoint is another network's: take over layers of the same name, "
               "narrower or wider");
  command.required_text("--out", options->out, "Folder of the run");
  command.flag("--resume", options->resume, "Go on with the run that is there");
  command.choice("--device", options->device, {"cpu", "cuda"}, "Where to compute (cpu)");
  command.count("--threads", options->threads, "Threads that compute (one for each core)");
  command.count("--stop-after-steps", options->stop_after_steps,
                "End early, as an interruption would; 0: do not");
  command.flag("--json", options->json, "Print JSON objects: the costs, each epoch, the end");
  command.example(
      "  coco-mcu train --recipe recipes/two-bit.toml --data train --validation val --init "
      "reference --out run\n  coco-mcu train --recipe recipes/two-bit.toml --data train "
      "--validation val --init reference --out run --resume");
  command.action([options] { train(*options); });
}

}  // namespace coco_mcu::cli
