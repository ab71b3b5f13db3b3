#!/bin/bash
# Counts, in the simulator, what every plan of a model takes on each board: the figures that the page
# shows. What was counted before for the same firmware is not counted again.
#   tools/simulate_plans.sh PROGRAM MODEL KEPT OUT BOARD...   KEPT: folder of earlier figures
set -euo pipefail
program=$1
model=$2
kept=$3
out=$4
boards=("${@:5}")
picture=samples/astronaut.jpg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$kept"

# Prints one JSON line about the model file $1 on the board $2.
count() {
  local firmware=$work/$(basename "$1")-$2
  "$program" emit "$1" --board "$2" --out "$firmware" >"$firmware.log"
  local key
  key=$(cd "$firmware" && find . -type f | sort | xargs sha256sum | sha256sum | cut -c 1-32)
  if [ ! -e "$kept/$key.json" ]; then
    "$program" simulate "$1" --board "$2" --json "$picture" >"$firmware.json"
    mv "$firmware.json" "$kept/$key.json"
  fi
  cat "$kept/$key.json"
}

# Prints $1 with commas between its lines.
list() { paste -sd , "$1"; }

plans=$("$program" plan "$model" --pareto --json | grep -o '"peak_ram_bytes":[0-9]*' | cut -d : -f 2)
for bytes in $plans; do
  planned=$work/$bytes.cmcu
  "$program" plan "$model" --ram "$bytes" --out "$planned" >/dev/null
  for board in "${boards[@]}"; do count "$planned" "$board"; done >"$work/boards"
  echo "{\"peak_ram_bytes\":$bytes,\"boards\":[$(list "$work/boards")]}"
done >"$work/plans"
echo "{\"picture\":\"$picture\",\"plans\":[$(list "$work/plans")]}" >"$work/figures.json"
mv "$work/figures.json" "$out"
