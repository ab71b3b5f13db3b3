#include "dataset/loader.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

namespace coco_mcu::dataset {
namespace {

constexpr float kNotKnown = std::numeric_limits<float>::quiet_NaN();

/// A batch that threads are filling. Each picture has its own place, so that they need no lock.
struct PendingBatch {
  Batch batch;
  std::uint64_t epoch = 0;
  std::size_t taken = 0;  // pictures that a thread has begun
  std::size_t done = 0;
  // The error of its first picture that cannot be read, whichever thread came to it first.
  std::exception_ptr error;
  std::size_t error_position = 0;

  bool is_taken() const { return taken == batch.indices.size(); }
  bool is_done() const { return done == batch.indices.size(); }
};

void require(bool fulfilled, const char* what) {
  if (!fulfilled) throw std::invalid_argument(fmt::format("loader: {}", what));
}

void check(const LoaderOptions& options, std::size_t pictures) {
  require(options.preprocessing.height > 0 && options.preprocessing.width > 0,
          "the size of the input is not set");
  require(options.batch_size > 0, "a batch has at least one picture");
  require(options.threads > 0, "at least one thread loads");
  require(options.prefetch > 0, "at least one batch is loaded ahead");
  require(options.processes > 0 && options.process >= 0 && options.process < options.processes,
          "the number of this process is from 0 to the number of processes - 1");
  require(options.batch_size % options.processes == 0,
          "the number of processes divides the batch size");
  require(pictures <= std::numeric_limits<std::uint32_t>::max(), "at most 2^32 - 1 pictures");
  const std::size_t least =
      options.drop_last ? static_cast<std::size_t>(options.batch_size) : std::size_t{1};
  if (pictures < least) {
    throw std::invalid_argument(fmt::format(
        "{} pictures do not fill one batch of {}; add pictures or make the batches smaller",
        pictures, options.batch_size));
  }
}

}  // namespace

struct Loader::State {
  State(const PictureSource& pictures, const TeacherProbabilities* opinions,
        const LoaderOptions& how);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::int64_t batches() const;
  void start(std::int64_t new_epoch, std::int64_t first_batch);
  std::optional<Batch> next();

  void work();
  std::shared_ptr<PendingBatch> open_batch();
  std::shared_ptr<PendingBatch> batch_to_fill();
  void load(PendingBatch& pending, std::size_t position) const;
  float teacher_of(const Example& example) const;

  const PictureSource& source;
  const TeacherProbabilities* teacher;
  const LoaderOptions options;
  std::size_t picture_bytes;
  int kept_side;  // of pictures that are decoded smaller, see decode_reduced_image

  std::mutex mutex;  // of all that follows
  std::condition_variable work_to_do;
  std::condition_variable batch_done;
  bool stopping = false;
  std::uint64_t epoch = 0;
  std::int64_t next_batch = 0;  // to be opened
  std::int64_t last_batch = 0;  // behind the last one
  std::vector<std::uint32_t> order;
  std::deque<std::shared_ptr<PendingBatch>> ring;  // in their order, options.prefetch at most
  double waited = 0.0;

  std::vector<std::thread> threads;  // last: they use the rest
};

Loader::State::State(const PictureSource& pictures, const TeacherProbabilities* opinions,
                     const LoaderOptions& how)
    : source(pictures),
      teacher(opinions),
      options(how),
      picture_bytes(std::size_t{3} * how.preprocessing.height * how.preprocessing.width),
      order(pictures.size()) {
  // Twice the size that is needed: the resize is to skip pixels as it does when the network is
  // used, on pictures that nobody has smoothed before.
  const double crop_scale = options.augmentation ? options.augmentation->crop_scale : 1.0;
  kept_side = static_cast<int>(std::ceil(
      2.0 * crop_scale * std::max(options.preprocessing.height, options.preprocessing.width)));
  threads.reserve(static_cast<std::size_t>(options.threads));
  for (int i = 0; i < options.threads; ++i) threads.emplace_back([this] { work(); });
}

Loader::State::~State() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  work_to_do.notify_all();
  for (std::thread& thread : threads) thread.join();
}

std::int64_t Loader::State::batches() const {
  const auto pictures = static_cast<std::int64_t>(source.size());
  const std::int64_t size = options.batch_size;
  return (options.drop_last ? pictures : pictures + size - 1) / size;
}

// Threads may still be at work on batches of before; those go when the last one lets go of them.
void Loader::State::start(std::int64_t new_epoch, std::int64_t first_batch) {
  {
    const std::lock_guard lock(mutex);
    epoch = static_cast<std::uint64_t>(new_epoch);
    next_batch = first_batch;
    last_batch = batches();
    ring.clear();
    std::iota(order.begin(), order.end(), 0U);
    if (options.shuffled) {
      Random random({options.seed, epoch});
      shuffle(order, random);
    }
  }
  work_to_do.notify_all();
}

std::shared_ptr<PendingBatch> Loader::State::open_batch() {
  const std::size_t begin = static_cast<std::size_t>(next_batch) * options.batch_size;
  const std::size_t count =
      std::min(order.size() - begin, static_cast<std::size_t>(options.batch_size));
  const auto bound = [&](int process) {
    return order.begin() +
           static_cast<std::ptrdiff_t>(begin + count * static_cast<std::size_t>(process) /
                                                   static_cast<std::size_t>(options.processes));
  };
  auto pending = std::make_shared<PendingBatch>();
  pending->epoch = epoch;
  pending->batch.indices.assign(bound(options.process), bound(options.process + 1));
  const std::size_t own = pending->batch.indices.size();
  pending->batch.pixels.resize(own * picture_bytes);
  pending->batch.labels.resize(own, kNotKnown);
  pending->batch.teacher.resize(own, kNotKnown);
  ++next_batch;
  ring.push_back(pending);
  return pending;
}

/// The batch whose next picture is to be loaded; nothing while there is none.
std::shared_ptr<PendingBatch> Loader::State::batch_to_fill() {
  if (!ring.empty() && !ring.back()->is_taken()) return ring.back();
  const bool has_room = ring.size() < static_cast<std::size_t>(options.prefetch);
  return has_room && next_batch < last_batch ? open_batch() : nullptr;
}

void Loader::State::work() {
  std::unique_lock lock(mutex);
  while (true) {
    std::shared_ptr<PendingBatch> pending;
    work_to_do.wait(lock, [&] { return stopping || (pending = batch_to_fill()) != nullptr; });
    if (stopping) return;
    // A process's share of an incomplete batch may be nothing.
    if (pending->is_done()) {
      batch_done.notify_all();
      continue;
    }
    const std::size_t position = pending->taken++;
    lock.unlock();
    std::exception_ptr error;
    try {
      load(*pending, position);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && (!pending->error || position < pending->error_position)) {
      pending->error = error;
      pending->error_position = position;
    }
    ++pending->done;
    if (pending->is_done()) batch_done.notify_all();
  }
}

float Loader::State::teacher_of(const Example& example) const {
  const auto probability = teacher != nullptr ? teacher->of(example.file_name) : std::nullopt;
  if (!probability) return kNotKnown;
  const double floor = example.is_weakly_positive ? options.weak_positive_floor : 0.0;
  return static_cast<float>(std::max(*probability, floor));
}

void Loader::State::load(PendingBatch& pending, std::size_t position) const {
  Batch& batch = pending.batch;
  const std::uint32_t index = batch.indices[position];
  const Example example = source.read(index);
  const Augmentation* augmentation = options.augmentation ? &*options.augmentation : nullptr;
  const Image image = augmentation != nullptr
                          ? decode_reduced_image(example.encoded, example.file_name, kept_side)
                          : decode_image(example.encoded, example.file_name);
  Random random({options.seed, pending.epoch, index});
  const PreparedPicture prepared =
      prepare_picture(image, example, options.preprocessing, augmentation, random);
  std::memcpy(batch.pixels.data() + position * picture_bytes, prepared.image.rgb.data(),
              picture_bytes);
  if (prepared.label) batch.labels[position] = *prepared.label ? 1.0F : 0.0F;
  batch.teacher[position] = teacher_of(example);
}

std::optional<Batch> Loader::State::next() {
  using Clock = std::chrono::steady_clock;
  std::shared_ptr<PendingBatch> pending;
  {
    std::unique_lock lock(mutex);
    if (ring.empty() && next_batch >= last_batch) return std::nullopt;
    const Clock::time_point begin = Clock::now();
    batch_done.wait(lock, [&] { return !ring.empty() && ring.front()->is_done(); });
    waited += std::chrono::duration<double>(Clock::now() - begin).count();
    pending = std::move(ring.front());
    ring.pop_front();
  }
  work_to_do.notify_all();
  if (pending->error) std::rethrow_exception(pending->error);
  return std::move(pending->batch);
}

Loader::Loader(const PictureSource& source, const TeacherProbabilities* teacher,
               const LoaderOptions& options) {
  check(options, source.size());
  state_ = std::make_unique<State>(source, teacher, options);
}

Loader::~Loader() = default;

std::int64_t Loader::batches_per_epoch() const {
  return state_->batches();
}

void Loader::start(std::int64_t epoch, std::int64_t first_batch) {
  if (epoch < 0 || first_batch < 0 || first_batch > batches_per_epoch()) {
    throw std::invalid_argument(fmt::format("loader: epoch {}, batch {}: an epoch has {} batches",
                                            epoch, first_batch, batches_per_epoch()));
  }
  state_->start(epoch, first_batch);
}

std::optional<Batch> Loader::next() {
  return state_->next();
}

double Loader::waited_seconds() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waited;
}

}  // namespace coco_mcu::dataset
