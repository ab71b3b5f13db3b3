// Opens the library that holds libtorch.
#include <dlfcn.h>

#include <stdexcept>

#include <fmt/format.h>

#include "training/plugin.h"

namespace coco_mcu::training {
namespace {

/// The library stands in ../lib as seen from the folder of the running program, in the build tree
/// and where it is installed.
std::filesystem::path library_path() {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  return program.parent_path().parent_path() / "lib" / kPluginFile;
}

Plugin load_plugin() {
  const std::filesystem::path path = library_path();
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error(fmt::format(
        "{}: is missing, and training and float checkpoints need this library; build and install "
        "with -DCOCO_MCU_TRAINING=ON",
        path.string()));
  }
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw std::runtime_error(fmt::format(
        "training library: cannot be loaded ({}); install libtorch or build again", dlerror()));
  }
  const Plugin plugin = {
      .open_checkpoint = reinterpret_cast<OpenCheckpoint*>(dlsym(library, kOpenCheckpointEntry)),
      .open_network = reinterpret_cast<OpenNetwork*>(dlsym(library, kOpenNetworkEntry)),
      .train = reinterpret_cast<Train*>(dlsym(library, kTrainEntry))};
  if (plugin.open_checkpoint == nullptr || plugin.open_network == nullptr ||
      plugin.train == nullptr) {
    throw std::runtime_error(
        fmt::format("{}: is not coco_mcu's training library; build it again", path.string()));
  }
  return plugin;
}

}  // namespace

const Plugin& plugin() {
  static const Plugin kPlugin = load_plugin();
  return kPlugin;
}

TrainingResult train(const TrainingTask& task, TrainingObserver& observer) {
  TrainingResult result;
  plugin().train(task, observer, result);
  return result;
}

}  // namespace coco_mcu::training
