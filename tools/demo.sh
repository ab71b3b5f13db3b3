#!/bin/bash
# Decides on the sample pictures with the model that the program brings along.
#   tools/demo.sh PROGRAM
set -euo pipefail
program=$1

echo
echo "The network that is built into $program:"
echo
"$program" inspect | sed -n '/^network/,/^peak RAM/p;/^total/p'
echo
echo "Is there a person in the picture? Its answers and the probability of a person:"
echo
"$program" detect samples
echo
echo "Every kernel of this machine computes it to the last bit:"
echo
"$program" verify
echo
echo "Now a photograph of yours: $program detect photo.jpg"
