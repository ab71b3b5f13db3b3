# Installs the embedding package, builds examples/embedding against it and decides on a picture.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command} ended with ${result}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${FOLDER})
run(${CMAKE_COMMAND} --install ${BUILD} --component embedding --prefix ${FOLDER}/installed)
run(${CMAKE_COMMAND} -S ${SOURCE}/examples/embedding -B ${FOLDER}/build
    -D CMAKE_BUILD_TYPE=Release -D CMAKE_PREFIX_PATH=${FOLDER}/installed)
run(${CMAKE_COMMAND} --build ${FOLDER}/build)

file(WRITE ${FOLDER}/picture.ppm "P6\n2 1\n255\nABCxyz")
run(${FOLDER}/build/decide ${SOURCE}/tests/corpus/model/small.cmcu ${FOLDER}/picture.ppm)
if(NOT output MATCHES "^(no )?person [01]\\.[0-9][0-9][0-9][0-9]\n$")
  message(FATAL_ERROR "the example printed: ${output}")
endif()

execute_process(COMMAND ${FOLDER}/build/decide ${FOLDER}/picture.ppm ${FOLDER}/picture.ppm
                RESULT_VARIABLE result ERROR_VARIABLE complaint)
if(result EQUAL 0 OR NOT complaint MATCHES "is not a coco_mcu model|too short for a model")
  message(FATAL_ERROR "a file that is no model was answered with: ${complaint}")
endif()
