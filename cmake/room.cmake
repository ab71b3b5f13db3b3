# A room of the house (docs/architecture.md): one static library, its unit tests beside it.
#
#   coco_mcu_room(dataset
#     COLD                          no time is spent in it, see coco_mcu_cold
#     SOURCES image.cc ...          the library coco_mcu_dataset
#     TESTS image_test.cc ...       the program dataset_test, each test known to ctest
#     LINK coco_mcu_core ...        what its headers need
#     PRIVATE_LINK JPEG::JPEG ...   what only its sources need
#     TEST_LINK ...)                what only its tests need
function(coco_mcu_room NAME)
  cmake_parse_arguments(ROOM "COLD" "" "SOURCES;TESTS;LINK;PRIVATE_LINK;TEST_LINK" ${ARGN})
  set(library coco_mcu_${NAME})
  if(ROOM_SOURCES)
    add_library(${library} STATIC ${ROOM_SOURCES})
    target_include_directories(${library} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${library} PUBLIC ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE_LINK})
    if(ROOM_COLD)
      coco_mcu_cold(${library})
    endif()
  else()
    add_library(${library} INTERFACE)
    target_include_directories(${library} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${library} INTERFACE ${ROOM_LINK})
  endif()
  if(COCO_MCU_TESTS AND ROOM_TESTS)
    coco_mcu_test(${NAME}_test SOURCES ${ROOM_TESTS} LINK ${library} ${ROOM_TEST_LINK})
  endif()
endfunction()

# For tests, and for code that only reads, prints or draws: less optimization compiles it in half the
# time.
function(coco_mcu_cold TARGET)
  target_compile_options(${TARGET} PRIVATE $<$<CONFIG:Release,RelWithDebInfo>:-O1>)
endfunction()

# A GoogleTest program whose tests ctest knows one by one. Tests run from the root of the project.
function(coco_mcu_test NAME)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  add_executable(${NAME} ${TEST_SOURCES})
  set_target_properties(${NAME} PROPERTIES UNITY_BUILD OFF)  # tests name their helpers alike
  coco_mcu_cold(${NAME})
  target_include_directories(${NAME} PRIVATE ${PROJECT_SOURCE_DIR})  # "tests/support/shared_material.h"
  target_link_libraries(${NAME} PRIVATE ${TEST_LINK} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${NAME} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${TEST_TIMEOUT})
endfunction()

# A libFuzzer target `fuzz_NAME` with its corpus of small seeds in tests/corpus/NAME.
function(coco_mcu_fuzz NAME)
  cmake_parse_arguments(FUZZ "" "" "SOURCES;LINK" ${ARGN})
  if(NOT COCO_MCU_FUZZ)
    return()
  endif()
  add_executable(fuzz_${NAME} ${FUZZ_SOURCES})
  target_include_directories(fuzz_${NAME} PRIVATE ${PROJECT_SOURCE_DIR})  # "tests/support/..."
  target_compile_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${NAME} PRIVATE ${FUZZ_LINK})
  set_property(GLOBAL APPEND PROPERTY COCO_MCU_FUZZED ${NAME})
endfunction()

# A test for each fuzz target, when all are known: they share COCO_MCU_FUZZ_SECONDS. What they find
# on the way stays in the build folder.
function(coco_mcu_fuzz_tests)
  get_property(names GLOBAL PROPERTY COCO_MCU_FUZZED)
  list(LENGTH names count)
  if(count EQUAL 0)
    return()
  endif()
  math(EXPR seconds "(${COCO_MCU_FUZZ_SECONDS} + ${count} - 1) / ${count}")
  math(EXPR limit "${seconds} + 120")
  foreach(name IN LISTS names)
    set(found ${CMAKE_BINARY_DIR}/fuzz/${name})
    file(MAKE_DIRECTORY ${found})
    add_test(NAME fuzz.${name}
             COMMAND fuzz_${name} -max_total_time=${seconds} -timeout=10 -rss_limit_mb=4096
                     -print_final_stats=1 -verbosity=0 -artifact_prefix=${found}/ ${found}
                     ${PROJECT_SOURCE_DIR}/tests/corpus/${name})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT ${limit} LABELS fuzz)
  endforeach()
endfunction()
