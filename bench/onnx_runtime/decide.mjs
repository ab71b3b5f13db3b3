// Runs an ONNX file that coco-mcu export has written on pixels, in ONNX Runtime on one thread.
//
//   node decide.mjs MODEL.onnx PREPROCESSING.json PIXELS.bin...
//
// PREPROCESSING.json has the lists mean and deviation; PIXELS.bin holds height x width RGB bytes.
// Prints one JSON object for each file: {"output": [probabilities]}.
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

const [model, preprocessing, ...files] = process.argv.slice(2);
const { mean, deviation } = JSON.parse(readFileSync(preprocessing, 'utf8'));
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const { name, shape } = session.inputMetadata[0];
const [, channels, height, width] = shape;
const area = height * width;
for (const file of files) {
  const pixels = readFileSync(file);
  if (pixels.length !== channels * area) throw new Error(`${file}: is not ${height}x${width} RGB`);
  const numbers = new Float32Array(channels * area);
  for (let c = 0; c < channels; ++c) {
    for (let i = 0; i < area; ++i) {
      numbers[c * area + i] = (pixels[channels * i + c] - 255 * mean[c]) / (255 * deviation[c]);
    }
  }
  const output = await session.run({ [name]: new ort.Tensor('float32', numbers, shape) });
  console.log(JSON.stringify({ output: Array.from(output[session.outputNames[0]].data) }));
}
