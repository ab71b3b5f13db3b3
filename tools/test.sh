#!/bin/bash
# All tests: the release build's, then the same under sanitizers with every fuzz target. Ends with
# the line "N passed, N failed".
#   tools/test.sh [seconds of fuzzing, shared by all targets]
set -uo pipefail
seconds=${1:-300}
passed=0
failed=0
skipped=0

# Configures, builds and runs the tests of one preset, and adds up its results.
run_preset() {
  local preset=$1
  shift
  cmake --preset "$preset" "$@" >"build/$preset.configure.log" 2>&1 ||
    { cat "build/$preset.configure.log"; failed=$((failed + 1)); return; }
  if ! cmake --build --preset "$preset"; then
    echo "The $preset build failed."
    failed=$((failed + 1))
    return
  fi
  local log=build/$preset.test.log
  ctest --preset "$preset" | tee "$log"
  passed=$((passed + $(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")))
  failed=$((failed + $(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*(Failed|Timeout|Exception|Not Run)' "$log")))
  skipped=$((skipped + $(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*Skipped' "$log")))
}

mkdir -p build
run_preset release -DCOCO_MCU_TESTS=ON
run_preset sanitize -DCOCO_MCU_FUZZ_SECONDS="$seconds"

[ "$skipped" -eq 0 ] || echo "$skipped skipped: for what this machine or ../shared lacks."
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
