#!/bin/bash
# Puts the page together in the folder OUT: its files, the engine as WebAssembly, the model, the
# figures of the boards, sample pictures, and the list of it all for the service worker.
#   tools/build_page.sh PROGRAM OUT BOARD...
set -euo pipefail
program=$1
out=$2
boards=("${@:3}")
model=models/person.cmcu

cmake --preset web >/dev/null
cmake --build --preset web

new=$out.new
rm -rf "$new"
mkdir -p "$new/samples"
cp web/*.html web/*.css web/*.js web/*.svg web/*.webmanifest "$new"
cp build/web-engine/bin/engine.js build/web-engine/bin/engine.wasm "$model" "$new"
cp samples/astronaut.jpg samples/camera.jpg samples/coffee.jpg "$new/samples"
tools/simulate_plans.sh "$program" "$model" build/web-figures "$new/figures.json" "${boards[@]}"

cd "$new"
files=$(find . -type f ! -name service_worker.js | sort)
version=$(sha256sum $files service_worker.js | sha256sum | cut -c 1-16)
{
  echo "const VERSION = '$version';"
  echo "const FILES = ['./', $(for file in $files; do echo "'$file'"; done | paste -sd , -)];"
  cat service_worker.js
} >service_worker.new
mv service_worker.new service_worker.js
bytes=$(($(find . -type f -printf '%s+')0))
cd - >/dev/null

[ "$bytes" -lt 1000000 ] || { echo "tools/build_page.sh: the page has $bytes bytes, 1 MB or more" >&2; exit 1; }
rm -rf "$out"
mv "$new" "$out"
echo "$out: $bytes bytes. coco-mcu serve shows it."
