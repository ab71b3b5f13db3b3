# What the trainer that is built alone stands on (docs/training-elsewhere.md): libtorch, libjpeg and
# headers, which a folder made by tools/collect_headers.sh can bring along.
set(COCO_MCU_HEADERS "" CACHE PATH "Folder with include/ (and lib/libjpeg.so) for machines without them")
set(COCO_MCU_TORCH "" CACHE PATH
    "Folder of the Python package torch: use its libraries without its CMake package")

if(COCO_MCU_HEADERS)
  list(PREPEND CMAKE_PREFIX_PATH ${COCO_MCU_HEADERS})
endif()
find_package(JPEG REQUIRED)
find_package(Threads REQUIRED)

# A library of headers alone under the name that its own CMake package would give it.
function(coco_mcu_headers TARGET HEADER)
  string(MAKE_C_IDENTIFIER ${HEADER} found)
  find_path(${found} ${HEADER})
  if(NOT ${found})
    message(FATAL_ERROR "${HEADER} is not installed; run tools/collect_headers.sh on a machine that "
                        "has it and give the folder with -DCOCO_MCU_HEADERS=DIR")
  endif()
  add_library(${TARGET} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${TARGET} SYSTEM INTERFACE ${${found}})
  target_compile_definitions(${TARGET} INTERFACE ${ARGN})
endfunction()

# fmt as headers: compiled, it would have to share libtorch's C++ ABI.
coco_mcu_headers(fmt::fmt fmt/format.h FMT_HEADER_ONLY=1)
coco_mcu_headers(nlohmann_json::nlohmann_json nlohmann/json.hpp)
coco_mcu_headers(CLI11::CLI11 CLI/CLI.hpp)
find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)

# A libtorch with CUDA wants the whole CUDA toolkit where its CMake package is used, even by a
# program that only links. Its folder alone does as well.
function(coco_mcu_torch_folder FOLDER)
  if(NOT EXISTS ${FOLDER}/include/torch/csrc/api/include/torch/torch.h)
    message(FATAL_ERROR "${FOLDER} is not the folder of the Python package torch; python3 -c "
                        "'import torch; print(torch.__path__[0])' prints it")
  endif()
  add_library(coco_mcu_libtorch INTERFACE)
  target_include_directories(coco_mcu_libtorch SYSTEM INTERFACE
    ${FOLDER}/include ${FOLDER}/include/torch/csrc/api/include)
  # CUDA's part registers itself when it is loaded; nothing refers to it.
  target_link_options(coco_mcu_libtorch INTERFACE -Wl,--no-as-needed -Wl,--allow-shlib-undefined)
  foreach(name c10 torch_cpu c10_cuda torch_cuda torch)
    if(EXISTS ${FOLDER}/lib/lib${name}.so)
      target_link_libraries(coco_mcu_libtorch INTERFACE ${FOLDER}/lib/lib${name}.so)
    endif()
  endforeach()
  find_path(GLOO_INCLUDE_DIR gloo/algorithm.h HINTS ${FOLDER}/include)
  if(GLOO_INCLUDE_DIR)
    target_compile_definitions(coco_mcu_libtorch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO)
  else()
    message(STATUS "No gloo headers beside torch: the trainer is built for one process")
  endif()
  set(TORCH_LIBRARIES coco_mcu_libtorch PARENT_SCOPE)
endfunction()

# Wheels before PyTorch 2.7 are built with the old layout of std::string; all rooms have to follow.
function(coco_mcu_torch_abi CONFIG)
  file(STRINGS ${CONFIG} lines REGEX "D_GLIBCXX_USE_CXX11_ABI=0")
  if(lines)
    add_compile_definitions(_GLIBCXX_USE_CXX11_ABI=0)
  endif()
endfunction()

if(COCO_MCU_TORCH)
  coco_mcu_torch_folder(${COCO_MCU_TORCH})
  coco_mcu_torch_abi(${COCO_MCU_TORCH}/share/cmake/Torch/TorchConfig.cmake)
else()
  find_package(Torch REQUIRED)
  coco_mcu_torch_abi(${Torch_DIR}/TorchConfig.cmake)
endif()
