#include "firmware/emit_library.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "firmware/emitted_files.h"
#include "firmware/new_folder.h"
#include "firmware/used_code.h"
#include "model/row_window.h"

namespace coco_mcu::firmware {
namespace {

constexpr const char* kBuildFile =
    R"(# Written by coco-mcu emit: the library coco_mcu_detector and an example.
cmake_minimum_required(VERSION 3.16)
project(coco_mcu_detector LANGUAGES CXX ASM)

# What the compiler's target has instructions for, unless you say: reference, cortex_m or helium.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
include(CheckCXXSourceCompiles)
check_cxx_source_compiles("#if !defined(__ARM_FEATURE_MVE)\n#error\n#endif" COCO_MCU_HAS_HELIUM)
check_cxx_source_compiles("#if !defined(__ARM_FEATURE_DSP)\n#error\n#endif" COCO_MCU_HAS_CORTEX_M)
if(COCO_MCU_HAS_HELIUM)
  set(kernels helium)
elseif(COCO_MCU_HAS_CORTEX_M)
  set(kernels cortex_m)
else()
  set(kernels reference)
endif()
set(COCO_MCU_KERNELS ${kernels} CACHE STRING "Kernels of the library")

file(GLOB sources src/core/*.cc src/engine/*.cc src/model/*.cc src/firmware/library/detector.cc
  src/kernels/*.cc src/kernels/reference/*.cc src/kernels/${COCO_MCU_KERNELS}/*.cc)
if(NOT COCO_MCU_KERNELS STREQUAL "reference")
  list(FILTER sources EXCLUDE REGEX "backends_portable")
endif()
add_library(coco_mcu_detector STATIC ${sources} model.S)
target_compile_features(coco_mcu_detector PRIVATE cxx_std_20)
target_include_directories(coco_mcu_detector PUBLIC include PRIVATE src)
target_include_directories(coco_mcu_detector SYSTEM PRIVATE third_party)
target_compile_options(coco_mcu_detector PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-DNDEBUG -O2 -fno-exceptions
  -fno-rtti -ffunction-sections -fdata-sections -ffp-contract=off>)
set_source_files_properties(model.S PROPERTIES
  OBJECT_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/model.cmcu
  COMPILE_OPTIONS "-I${CMAKE_CURRENT_SOURCE_DIR}")

add_executable(example EXCLUDE_FROM_ALL example.cc)
target_link_libraries(example PRIVATE coco_mcu_detector)
)";

constexpr const char* kModelSource = R"(/* The model file as it is, read in place. */
  .section .rodata
  .balign 64
  .global coco_mcu_model_begin
coco_mcu_model_begin:
  .incbin "model.cmcu"
  .global coco_mcu_model_end
coco_mcu_model_end:

  .section .note.GNU-stack, "", %progbits
)";

constexpr const char* kModelHeader =
    R"(/* Written by coco-mcu emit: what model.cmcu reads and says. */
#ifndef COCO_MCU_MODEL_H
#define COCO_MCU_MODEL_H

#define COCO_MCU_WIDTH {width}
#define COCO_MCU_HEIGHT {height}
#define COCO_MCU_CHANNELS {channels}
#define COCO_MCU_ROW_BYTES {row_bytes}

#define COCO_MCU_LABEL "{label}"
#define COCO_MCU_THRESHOLD {threshold} /* of 32768 */

/* RAM of the detector; some hundreds of bytes come to it, and up to 8 KB of stack. */
#define COCO_MCU_ARENA_BYTES {arena_bytes}

#endif
)";

constexpr const char* kReadme = R"(# A detector as a static library

Written by `coco-mcu emit --board none`. In your own CMake project:

    add_subdirectory(FOLDER)
    target_link_libraries(your_program PRIVATE coco_mcu_detector)

Include `coco_mcu_detector.h`, which gives pictures to the detector row by row, and `coco_mcu_model.h`, which has the model's sizes; `example.cc`
shows both. `-DCOCO_MCU_KERNELS=` names kernels: `reference` (C++ for any processor), `cortex_m` (DSP instructions) or `helium` (vectors); without
it the compiler's options (`-mcpu=...`) decide. Alone:

    cmake -S . -B build -DCMAKE_SYSTEM_NAME=Generic -DCMAKE_SYSTEM_PROCESSOR=arm -DCMAKE_CXX_COMPILER=arm-none-eabi-g++ \
      -DCMAKE_CXX_FLAGS="-mcpu=cortex-m4 -mthumb" -DCMAKE_ASM_FLAGS="-mcpu=cortex-m4 -mthumb"
    cmake --build build

RAM: {arena_bytes} bytes of arena. Flash: {model_bytes} bytes of model, and the code. Weights are read in place. The library is for this model
alone; another one is emitted anew. The headers in `third_party/flatbuffers` are FlatBuffers' (Apache License 2.0, Google).
)";

/// Where a source of the program stands in the folder; nothing where the library has no need of it.
std::string place_of(std::string_view path) {
  constexpr std::string_view kLibrary = "src/firmware/library/";
  if (path == "src/firmware/library/coco_mcu_detector.h") return "include/coco_mcu_detector.h";
  if (path == "src/firmware/library/example.cc") return "example.cc";
  if (path.starts_with("src/firmware/") && !path.starts_with(kLibrary)) return "";
  return std::string(path);
}

}  // namespace

void emit_library(const model::ModelFile& model, const std::filesystem::path& folder) {
  const model::View view = model.view();
  const NewFolder out(folder);
  for (const EmittedFile& file : emitted_files()) {
    const std::string place = place_of(file.path);
    if (!place.empty()) out.write(place, file.text);
  }
  const model::OperatorView input = view.layer(0);
  using fmt::arg;
  out.write("CMakeLists.txt", kBuildFile);
  out.write("README.md", fmt::format(kReadme, arg("arena_bytes", view.arena_bytes()),
                                     arg("model_bytes", model.bytes().size())));
  out.write(
      "include/coco_mcu_model.h",
      fmt::format(kModelHeader, arg("width", input.width), arg("height", input.height),
                  arg("channels", input.channels), arg("row_bytes", model::row_bytes(input)),
                  arg("label", view.label(view.decision_label())),
                  arg("threshold", view.threshold()), arg("arena_bytes", view.arena_bytes())));
  write_used_code(model, out);
  out.write("model.S", kModelSource);
  out.write_model(model);
}

}  // namespace coco_mcu::firmware
