#!/bin/bash
# Lowers models/NAME.cmcu again from each float checkpoint models/NAME-checkpoint, with the smallest
# plan that computes nothing twice: after a change of the file format or of the planner.
#   tools/lower_models.sh PROGRAM
set -euo pipefail
program=$1
shopt -s nullglob
checkpoints=(models/*-checkpoint)
[ ${#checkpoints[@]} -gt 0 ] ||
  { echo "tools/lower_models.sh: there is no float checkpoint in models/" >&2; exit 1; }
for checkpoint in "${checkpoints[@]}"; do
  model=${checkpoint%-checkpoint}.cmcu
  "$program" lower --checkpoint "$checkpoint" --out "$model"
  "$program" plan "$model" --out "$model" | tail -n 2
done
