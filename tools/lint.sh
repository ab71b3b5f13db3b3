#!/bin/bash
# clang-format and clang-tidy over all sources, warnings as errors.
#   tools/lint.sh BUILD   a build folder with compile_commands.json and all generated files
set -euo pipefail
build=$1
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.cc' '*.h')
clang-format --dry-run --Werror "${sources[@]}"
mapfile -t units < <(printf '%s\n' "${sources[@]}" | grep '\.cc$')
printf '%s\n' "${units[@]}" |
  xargs --max-procs="$(nproc)" --max-args=1 clang-tidy --quiet -p "$build"
echo "${#sources[@]} files are clean."
