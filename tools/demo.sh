#!/bin/bash
# Decides on the sample pictures.
#   tools/demo.sh PROGRAM
set -euo pipefail
program=$1
shared=${COCO_MCU_SHARED:-../shared}
trained=$shared/reference/checkpoint/graph.ckpt
checkpoint=build/demo/checkpoint

if [ ! -e "$trained.index" ]; then
  echo "No decisions yet: the trained reference checkpoint is not at $trained (set COCO_MCU_SHARED" \
    "to the folder that holds reference/checkpoint), and the project ships no model of its own."
  exit 0
fi
mkdir -p build/demo
"$program" import --tf-checkpoint "$trained" --network coco_mcu --out "$checkpoint"
echo
"$program" detect --checkpoint "$checkpoint" samples
echo
"$program" detect --checkpoint "$checkpoint" --explain build/demo/camera.png \
  samples/camera.jpg >/dev/null
if [ -d "$shared/data/train" ]; then
  echo "The same as an integer model for microcontrollers:"
  "$program" lower --checkpoint "$checkpoint" --images "$shared/data/train" --policy w8 \
    --calibrate "$shared/data/annotations/instances_train.json" --prune-below 1e-6 \
    --out build/demo/model.cmcu | tail -n 8
  "$program" detect --model build/demo/model.cmcu samples
  echo
fi
echo "What the decision on samples/camera.jpg rests on is drawn in build/demo/camera.png"
