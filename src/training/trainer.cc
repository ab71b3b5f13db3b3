#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <thread>
#include <utility>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "dataset/random.h"
#include "network/checkpoint.h"
#include "training/checkpoint_loading.h"
#include "training/dead_channels.h"
#include "training/health.h"
#include "training/stage_quantizers.h"
#include "training/validation.h"
#include "training/validation_score.h"

namespace coco_mcu::training {
namespace {

constexpr int kLoaderThreads = 2;
/// What comes of a stage, until the next one begins.
constexpr const char* kProduct = "product";

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int thread_count(const TrainingTask& task, const Processes& processes) {
  if (task.threads > 0) return task.threads;
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return std::max(1, cores / processes.on_this_machine());
}

/// The same bits from the same inputs, as far as libtorch can: on the processor. On a GPU its
/// deterministic functions take half as long again, and resuming is not promised to the bit there.
void be_deterministic(int threads, bool on_gpu) {
  at::set_num_threads(threads);
  if (on_gpu) {
    at::globalContext().setBenchmarkCuDNN(true);
    return;
  }
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
}

RunDescription describe(const TrainingTask& task, const TrainingData& data,
                        const Processes& processes, int threads) {
  return {.recipe = task.recipe.text,
          .recipe_hash = task.recipe.hash,
          .data_hash = data.training().hash(),
          .validation_hash = data.validation() != nullptr ? data.validation()->hash() : "none",
          .seed = task.recipe.seed,
          .network = task.network.name,
          .initial_checkpoint = task.initial_checkpoint.string(),
          .device = task.device,
          .threads = threads,
          .processes = processes.count(),
          .libraries = {{"coco_mcu", network::created_by()}, {"libtorch", TORCH_VERSION}}};
}

}  // namespace

Trainer::Trainer(const TrainingTask& task, TrainingObserver& observer)
    : task_(task),
      observer_(observer),
      processes_(Processes::from_environment()),
      threads_(thread_count(task, processes_)),
      data_(task, processes_, task.device == "cpu" ? kLoaderThreads : threads_) {
  be_deterministic(threads_, task.device != "cpu");
  plan_stages();
  open_run();
}

void Trainer::plan_stages() {
  steps_per_epoch_ = data_.loader(task_.recipe.stages.front())->batches_per_epoch();
  Length next;
  for (const Stage& stage : task_.recipe.stages) {
    const double steps = stage.epochs * static_cast<double>(steps_per_epoch_);
    next.steps = std::max<std::int64_t>(1, std::llround(steps));
    lengths_.push_back(next);
    next.first_step += next.steps;
    next.first_epoch += (next.steps + steps_per_epoch_ - 1) / steps_per_epoch_;
  }
}

void Trainer::open_run() {
  std::vector<std::uint8_t> state;
  if (processes_.is_first()) {
    const RunDescription description = describe(task_, data_, processes_, threads_);
    data_hash_ = description.data_hash;
    const bool exists = std::filesystem::exists(task_.run);
    if (!task_.resume || !exists) RunFolder::create(task_.run, description);
    std::vector<std::string> warnings;
    folder_.emplace(task_.run, description, warnings);
    log_.emplace(*folder_);
    for (const std::string& warning : warnings) observer_.line(warning);
    if (folder_->state()) {
      state = *folder_->state();
      observer_.line(
          fmt::format("{}: resumed after step {}", task_.run.string(), folder_->saved_step()));
    } else if (task_.resume) {
      observer_.line(fmt::format("{}: has no saved state yet, begins anew", task_.run.string()));
    }
  }
  state = processes_.broadcast(std::move(state));
  if (!state.empty()) state_ = RunState::parse(state, (task_.run / "states").string());
  saved_at_ = now();
}

StageStart Trainer::initial_start() const {
  if (task_.initial_checkpoint.empty()) return {};
  network::Checkpoint initial = network::read_checkpoint(task_.initial_checkpoint);
  const core::Preprocessing wanted = preprocessing_of(task_);
  if (initial.network != task_.network.name && !task_.grow) {
    throw std::runtime_error(fmt::format(
        "{}: holds network {}, the recipe trains {}; choose another --init, or take over what has "
        "the same name by --grow",
        task_.initial_checkpoint.string(), initial.network, task_.network.name));
  }
  if (!(initial.preprocessing == wanted) && processes_.is_first()) {
    observer_.line(fmt::format("{}: was trained with another preprocessing than the recipe's",
                               task_.initial_checkpoint.string()));
  }
  return {.tensors = std::move(initial.tensors),
          .quantizers = std::move(initial.quantizers),
          .grow = task_.grow};
}

StageStart Trainer::start_of(std::size_t stage) const {
  if (stage == 0) return initial_start();
  StageStart start;
  const std::string prefix = std::string(kProduct) + "/";
  for (const auto& [name, tensor] : state_.tensors) {
    if (name.starts_with(prefix)) start.tensors[name.substr(prefix.size())] = tensor;
  }
  start.quantizers =
      stage_quantizers(task_.recipe.stages[stage - 1].quantization, task_.sites, task_.network);
  return start;
}

TrainingResult Trainer::run() {
  const std::size_t stages = task_.recipe.stages.size();
  while (state_.progress.stage < stages && !stops_) run_stage(state_.progress.stage);
  TrainingResult result;
  result.steps = state_.progress.step;
  result.is_process_0 = processes_.is_first();
  result.last = task_.run / "last";
  result.best = data_.validation() != nullptr ? task_.run / "best" : result.last;
  if (state_.progress.stage < stages) {
    result.end = interruption_.requested() ? TrainingEnd::kInterrupted : TrainingEnd::kStepLimit;
  }
  return result;
}

void Trainer::draw_dead_channels(StageTraining& training) {
  for (const ChannelCount& each : reinitialize_dead_channels(training.module())) {
    if (!processes_.is_first()) continue;
    observer_.line(fmt::format("{}: {} of {} channels were dead and are drawn anew", each.layer,
                               each.dead, each.channels));
  }
}

void Trainer::begin_stage(StageTraining& training, std::size_t stage) {
  if (state_.progress.stage_step > 0) {
    training.restore(state_.tensors);
  } else {
    const bool from_checkpoint = stage == 0 && !task_.initial_checkpoint.empty();
    if (from_checkpoint && task_.recipe.reinitialize_dead) draw_dead_channels(training);
    if (training.needs_calibration()) {
      training.calibrate(data_.side_batches(task_.recipe.stages[stage]));
    }
  }
  state_.tensors.clear();
}

void Trainer::run_stage(std::size_t stage) {
  const Stage& options = task_.recipe.stages[stage];
  const Length& length = lengths_[stage];
  const std::uint64_t seed = dataset::Random{task_.recipe.seed, stage}.next();
  const StageStart start = state_.progress.stage_step > 0 ? StageStart() : start_of(stage);
  StageTraining training(options, task_, processes_, start, length.steps, steps_per_epoch_, seed);
  begin_stage(training, stage);
  const auto loader = data_.loader(options);
  RunProgress& progress = state_.progress;
  while (progress.stage == stage && !stops_) train_epoch(training, stage, *loader);
}

bool Trainer::is_save_due() const {
  return now() - saved_at_ > 60.0 * task_.recipe.checkpoint_minutes;
}

bool Trainer::wishes_to_stop() const {
  const bool at_limit = task_.stop_after_steps > 0 && steps_now_ + 1 >= task_.stop_after_steps;
  return at_limit || interruption_.requested();
}

void Trainer::check_loss(double loss, double learning_rate, const Stage& stage) const {
  if (std::isfinite(loss)) return;
  fail_for_loss(fmt::format("the loss is {}", loss), learning_rate, stage);
}

void Trainer::check_weights(const StageTraining& training, double learning_rate) const {
  if (training.is_finite()) return;
  fail_for_loss("weights are no longer finite", learning_rate,
                task_.recipe.stages[state_.progress.stage]);
}

void Trainer::fail_for_loss(const std::string& what, double learning_rate,
                            const Stage& stage) const {
  const std::int64_t step = state_.progress.step;
  const std::string good =
      std::filesystem::exists(task_.run / "last")
          ? fmt::format("the last good checkpoint is {}", (task_.run / "last").string())
          : "there is no checkpoint yet";
  throw std::runtime_error(
      fmt::format("{}: {} at step {} (stage {}, epoch {}, learning rate {:.3g}); {}; lower the "
                  "learning rate or "
                  "clip the gradients (clip_norm) in the recipe and start a new run",
                  task_.run.string(), what, step + 1, stage.name,
                  state_.progress.stage_step / steps_per_epoch_ + 1, learning_rate, good));
}

StageTraining::StepResult Trainer::train_step(StageTraining& training, const Stage& stage,
                                              const dataset::Batch& batch, bool is_last_of_epoch) {
  RunProgress& progress = state_.progress;
  if (training.begins_to_freeze(progress.stage_step) && stage.batch_norm.reestimate_batches > 0) {
    training.reestimate(training.module(), data_.side_batches(stage));
  }
  training.watch_saturation(is_last_of_epoch);
  const StageTraining::StepResult result =
      training.step(progress.stage_step, data_.batch(batch), wishes_to_stop());
  check_loss(result.loss, result.learning_rate, stage);
  ++progress.step;
  ++progress.stage_step;
  ++steps_now_;
  progress.epoch_losses.push_back(result.loss);
  if (log_) log_->step(stage.name, progress.step, result.loss, result.learning_rate);
  return result;
}

void Trainer::train_epoch(StageTraining& training, std::size_t stage, dataset::Loader& loader) {
  const Stage& options = task_.recipe.stages[stage];
  const Length& length = lengths_[stage];
  RunProgress& progress = state_.progress;
  const std::int64_t epoch = progress.stage_step / steps_per_epoch_;
  const std::int64_t end = std::min((epoch + 1) * steps_per_epoch_, length.steps);
  const std::int64_t first = progress.stage_step;
  const std::int64_t batch_size = task_.recipe.batch_size;
  const std::int64_t epochs = (length.steps + steps_per_epoch_ - 1) / steps_per_epoch_;
  if (processes_.is_first()) {
    observer_.begin(fmt::format("{} {}/{}", options.name, epoch + 1, epochs),
                    (end - epoch * steps_per_epoch_) * batch_size,
                    (first - epoch * steps_per_epoch_) * batch_size);
  }
  loader.start(length.first_epoch + epoch, first % steps_per_epoch_);
  const double started = now();
  const double waited = loader.waited_seconds();
  EpochReport report;
  report.stage = options.name;
  report.epoch = epoch + 1;
  report.steps = lengths_.back().first_step + lengths_.back().steps;
  while (progress.stage_step < end && !stops_) {
    const auto batch = loader.next();
    const bool is_last = progress.stage_step + 1 == end;
    const auto result = train_step(training, options, batch.value(), is_last);
    report.learning_rate = result.learning_rate;
    stops_ = result.stop;
    if (processes_.is_first()) observer_.advance(batch_size);
    if (!is_last && (is_save_due() || stops_)) save_state(training, result.learning_rate);
  }
  const double seconds = now() - started;
  if (processes_.is_first()) observer_.end();
  if (progress.stage_step < end) return;
  report.images_per_second =
      static_cast<double>((end - first) * batch_size / processes_.count()) / seconds;
  report.waited_share = (loader.waited_seconds() - waited) / seconds;
  end_epoch(training, stage, report);
}

void Trainer::end_epoch(StageTraining& training, std::size_t stage, EpochReport& report) {
  const Stage& options = task_.recipe.stages[stage];
  RunProgress& progress = state_.progress;
  double sum = 0.0;
  for (const double loss : progress.epoch_losses) sum += loss;
  report.loss = sum / static_cast<double>(progress.epoch_losses.size());
  progress.epoch_losses.clear();
  report.step = progress.step;
  check_weights(training, report.learning_rate);
  report.health = health(training.module(), training.oscillation());
  const bool ends_stage = progress.stage_step == lengths_[stage].steps;
  const bool evaluates = ends_stage || report.epoch % task_.recipe.evaluate_every == 0;
  std::shared_ptr<NetworkModule> product;
  if (evaluates) {
    product = training.product(progress.stage_step - 1, data_.side_batches(options));
    if (processes_.is_first()) write_checkpoints(*product, stage, report);
  }
  if (processes_.is_first()) {
    log_->epoch(report);
    observer_.epoch(report);
  }
  if (ends_stage) {
    save_end_of_stage(*product, stage);
  } else if (evaluates || stops_ || is_save_due()) {
    save_state(training, report.learning_rate);
  }
}

void Trainer::write_checkpoints(const NetworkModule& product, std::size_t stage,
                                EpochReport& report) {
  const Stage& options = task_.recipe.stages[stage];
  const network::Checkpoint complete = checkpoint(product, options);
  network::write_checkpoint(complete, folder_->last());
  if (data_.validation() == nullptr) return;
  observer_.begin("validate", static_cast<std::int64_t>(data_.validation()->size()), 0);
  const auto module = load_module(task_.network, complete);
  module->to(torch::Device(task_.device));
  report.validation =
      validate(*module, *data_.validation(), preprocessing_of(task_), kLoaderThreads,
               [&](std::int64_t pictures) { observer_.advance(pictures); });
  observer_.end();
  if (stage + 1 < task_.recipe.stages.size()) return;
  const ValidationScore score = training::score(report.validation);
  RunProgress& progress = state_.progress;
  report.is_best = !progress.best_right || score.right > *progress.best_right ||
                   (score.right == *progress.best_right && score.loss < progress.best_loss);
  if (!report.is_best) return;
  network::write_checkpoint(complete, folder_->best());
  progress.best_right = score.right;
  progress.best_loss = score.loss;
}

void Trainer::save_state(const StageTraining& training, double learning_rate) {
  check_weights(training, learning_rate);
  saved_at_ = now();
  if (!processes_.is_first()) return;
  RunState saved{.progress = state_.progress, .tensors = {}};
  training.save(saved.tensors);
  folder_->save(saved);
}

void Trainer::save_end_of_stage(const NetworkModule& product, std::size_t stage) {
  saved_at_ = now();
  state_.progress.stage = stage + 1;
  state_.progress.stage_step = 0;
  save(kProduct, tensors_of(product), state_.tensors);
  if (processes_.is_first()) folder_->save(state_);
}

network::Checkpoint Trainer::checkpoint(const NetworkModule& module, const Stage& stage) const {
  network::Checkpoint checkpoint;
  checkpoint.network = task_.network.name;
  if (task_.recipe.network == kInitialNetwork) checkpoint.own_network = task_.network;
  checkpoint.preprocessing = preprocessing_of(task_);
  checkpoint.labels = task_.network.labels;
  checkpoint.quantizers = module.quantizers();
  checkpoint.provenance = {{"source", "trained by recipe " + task_.recipe.name},
                           {"created_by", network::created_by()},
                           {"recipe_hash", task_.recipe.hash},
                           {"data_hash", data_hash_},
                           {"seed", std::to_string(task_.recipe.seed)},
                           {"stage", stage.name},
                           {"step", std::to_string(state_.progress.step)}};
  checkpoint.tensors = state_of(module);
  if (task_.settle) task_.settle(checkpoint);
  return checkpoint;
}

}  // namespace coco_mcu::training
