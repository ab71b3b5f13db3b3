# Emits firmware for BOARD with PROGRAM, replaces its main program by MAIN, builds it and runs it
# once for each of WORDS. Run number i must end with the i-th of STATUSES and print what the i-th of
# OUTPUTS, a regular expression, says. CORRUPT: bytes in the middle of the model are overwritten.
# TIGHT: the linker gets 9000 bytes of RAM and must say by how much that is too little, and what
# would do.
#
#   cmake -D PROGRAM=... -D SOURCE=... -D FOLDER=... -D BOARD=... -D WORDS=a;b ... -P on_board.cmake
foreach(tool arm-none-eabi-g++ qemu-system-arm)
  find_program(found_${tool} ${tool})
  if(NOT found_${tool})
    message(STATUS "skipped: needs ${tool} (make test-packages)")
    return()
  endif()
endforeach()

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command} ended with ${result}:\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${FOLDER})
run(${PROGRAM} emit ${SOURCE}/tests/corpus/model/small.cmcu --board ${BOARD} --out ${FOLDER})
if(MAIN)
  file(COPY_FILE ${SOURCE}/tests/firmware/${MAIN} ${FOLDER}/src/firmware/device/main.cc)
  # With all kernels instead of the model's.
  foreach(header core/uses.h kernels/used_convolutions.h)
    file(COPY_FILE ${SOURCE}/src/${header} ${FOLDER}/src/${header})
  endforeach()
  file(COPY ${SOURCE}/tests/support/random_layer.h DESTINATION ${FOLDER}/src/tests/support)
  # The arena is the memory that tests take.
  file(READ ${FOLDER}/board.ld script)
  string(REPLACE "coco_mcu_arena_begin = .;" "coco_mcu_arena_begin = .;\n    . += 200000;" script
                 "${script}")
  file(WRITE ${FOLDER}/board.ld "${script}")
endif()
if(CORRUPT)
  run(dd if=/dev/zero of=${FOLDER}/model.cmcu bs=1 seek=5000 count=16 conv=notrunc)
endif()
if(TIGHT)
  file(READ ${FOLDER}/board.ld script)
  string(REGEX REPLACE "(RAM +\\(rwx\\) : ORIGIN = [^,]*, LENGTH = )[0-9]+" "\\19000" script
                       "${script}")
  string(REGEX REPLACE "(coco_mcu_ram_bytes <= )[0-9]+" "\\19000" script "${script}")
  file(WRITE ${FOLDER}/board.ld "${script}")
endif()
run(${CMAKE_COMMAND} -G Ninja -S ${FOLDER} -B ${FOLDER}/build
    -D CMAKE_EXE_LINKER_FLAGS=--specs=nosys.specs)
if(TIGHT)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${FOLDER}/build
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result EQUAL 0 OR NOT output MATCHES "--ram [0-9]+.*overflowed by [0-9]+ bytes")
    message(FATAL_ERROR "the linker ended with ${result}:\n${output}")
  endif()
  return()
endif()
run(${CMAKE_COMMAND} --build ${FOLDER}/build)

foreach(words expected_status expected_output IN ZIP_LISTS WORDS STATUSES OUTPUTS)
  execute_process(
    COMMAND qemu-system-arm -M ${BOARD} -display none -monitor none -serial none
            -semihosting-config enable=on,target=native,chardev=console,arg=firmware,arg=${words}
            -chardev stdio,id=console,signal=off -kernel ${FOLDER}/build/firmware
    INPUT_FILE /dev/null TIMEOUT 60
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL expected_status OR NOT output MATCHES "${expected_output}")
    message(FATAL_ERROR "${BOARD} ${words}: ended with ${status}:\n${output}")
  endif()
endforeach()
