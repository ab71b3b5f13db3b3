// Runs an ONNX file that coco-mcu export has written on pixels, in ONNX Runtime on one thread.
//
//   node decide.mjs MODEL.onnx PREPROCESSING.json PIXELS.bin...
//
// See network.mjs for the files. Prints one JSON object for each PIXELS.bin:
// {"output": [probabilities]}.
import { openNetwork } from './network.mjs';

const [model, preprocessing, ...files] = process.argv.slice(2);
const network = await openNetwork(model, preprocessing);
for (const file of files) {
  console.log(JSON.stringify({ output: await network.run(network.picture(file)) }));
}
