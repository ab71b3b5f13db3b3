// Measures an ONNX file that coco-mcu export has written, in ONNX Runtime on one thread.
//
//   node measure.mjs MODEL.onnx PREPROCESSING.json ROUNDS PIXELS.bin...
//
// See network.mjs for the files. Prints one JSON object: milliseconds of processor time for one
// picture (median of the rounds, in each of which every picture is decided once) and outputs, a list
// of probabilities for each picture.
import { openNetwork } from './network.mjs';

const [model, preprocessing, rounds, ...files] = process.argv.slice(2);
const network = await openNetwork(model, preprocessing);
const pictures = files.map((file) => network.picture(file));
const outputs = [];
for (const picture of pictures) outputs.push(await network.run(picture));
const milliseconds = [];
for (let round = 0; round < Number(rounds); ++round) {
  const start = process.cpuUsage();
  for (const picture of pictures) await network.run(picture);
  const { user, system } = process.cpuUsage(start); // microseconds
  milliseconds.push((user + system) / 1000 / pictures.length);
}
milliseconds.sort((a, b) => a - b);
console.log(JSON.stringify({ milliseconds: milliseconds[milliseconds.length >> 1], outputs }));
