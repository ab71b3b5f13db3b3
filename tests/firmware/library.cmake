# Emits the library for somebody's own project with PROGRAM, builds it and its example for this
# machine and for a Cortex-M4, and runs the former.
#
#   cmake -D PROGRAM=... -D SOURCE=... -D FOLDER=... -P library.cmake
find_program(found_compiler arm-none-eabi-g++)
if(NOT found_compiler)
  message(STATUS "skipped: needs arm-none-eabi-g++ (make test-packages)")
  return()
endif()

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command} ended with ${result}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${FOLDER})
run(${PROGRAM} emit ${SOURCE}/tests/corpus/model/small.cmcu --board none --out ${FOLDER})
run(${CMAKE_COMMAND} -G Ninja -S ${FOLDER} -B ${FOLDER}/here)
run(${CMAKE_COMMAND} --build ${FOLDER}/here --target example)
run(${FOLDER}/here/example)
if(NOT output MATCHES "^person ([0-9]+) of 32768: (yes|no)\n$")
  message(FATAL_ERROR "the example says: ${output}")
endif()
run(${CMAKE_COMMAND} -G Ninja -S ${FOLDER} -B ${FOLDER}/cortex-m4
    -D CMAKE_SYSTEM_NAME=Generic -D CMAKE_SYSTEM_PROCESSOR=arm
    -D CMAKE_CXX_COMPILER=arm-none-eabi-g++ "-DCMAKE_CXX_FLAGS=-mcpu=cortex-m4 -mthumb"
    "-DCMAKE_ASM_FLAGS=-mcpu=cortex-m4 -mthumb" -D CMAKE_EXE_LINKER_FLAGS=--specs=nosys.specs)
run(${CMAKE_COMMAND} --build ${FOLDER}/cortex-m4 --target example)
file(STRINGS ${FOLDER}/cortex-m4/CMakeCache.txt kernels REGEX "^COCO_MCU_KERNELS:")
if(NOT kernels MATCHES "=cortex_m$")
  message(FATAL_ERROR "a Cortex-M4 has other kernels: ${kernels}")
endif()
