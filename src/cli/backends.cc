#include "cli/backends.h"

#include <string_view>

#include <fmt/format.h>

namespace coco_mcu::cli {
namespace {

std::vector<const kernels::Backend*> backends(bool supported) {
  std::vector<const kernels::Backend*> found;
  for (const auto* backend = kernels::kBackends; *backend != nullptr; ++backend) {
    if ((*backend)->is_supported() == supported) found.push_back(*backend);
  }
  return found;
}

}  // namespace

std::vector<const kernels::Backend*> supported_backends() {
  return backends(true);
}

std::vector<const kernels::Backend*> unsupported_backends() {
  return backends(false);
}

void add_backend_option(Command& command, std::string& name) {
  command.text("--backend", name,
               "Kernels to compute an integer model with: reference, avx2, ... (default: the "
               "fastest that this processor supports; all give the same bits)");
}

const kernels::Backend& backend_named(const std::string& name) {
  if (name.empty()) return kernels::best_backend();
  std::string here;
  for (const kernels::Backend* backend : supported_backends()) {
    if (name == backend->name) return *backend;
    here += fmt::format("{}{}", here.empty() ? "" : ", ", backend->name);
  }
  throw UsageError(fmt::format("--backend {}: is not supported here; there is: {}", name, here));
}

}  // namespace coco_mcu::cli
