// Runs an ONNX file of one float input in ONNX Runtime on one thread.
//
//   node measure.mjs MODEL.onnx INPUT.f32 ROUNDS
//
// INPUT.f32 holds the input's numbers, little-endian. Prints one JSON object: milliseconds of
// processor time for one run (median of the rounds) and the output.
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

const [model, input, rounds] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
const bytes = readFileSync(input);
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
const { name, shape } = session.inputMetadata[0];
const feeds = { [name]: new ort.Tensor('float32', numbers, shape) };
const callsOfRound = 8;
let output = await session.run(feeds);
const milliseconds = [];
for (let round = 0; round < Number(rounds); ++round) {
  const start = process.cpuUsage();
  for (let call = 0; call < callsOfRound; ++call) output = await session.run(feeds);
  const { user, system } = process.cpuUsage(start); // microseconds
  milliseconds.push((user + system) / 1000 / callsOfRound);
}
milliseconds.sort((a, b) => a - b);
console.log(JSON.stringify({
  milliseconds: milliseconds[milliseconds.length >> 1],
  output: Array.from(output[session.outputNames[0]].data),
}));
