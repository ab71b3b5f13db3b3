// Runs a TensorFlow Lite file that coco-mcu export has written on pixels, in LiteRT for the web.
//
//   node --no-experimental-fetch decide.mjs MODEL.tflite PREPROCESSING.json PIXELS.bin...
//
// The model has a float interface. PREPROCESSING.json has the lists mean and deviation; PIXELS.bin
// holds height x width RGB bytes. Prints one JSON object for each file: {"output":
// [probabilities]}.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { realNumbers } from '../support/pixels.mjs';

// What LiteRT expects of a browser's worker.
const require = createRequire(import.meta.url);
const wasm = join(dirname(require.resolve('@litertjs/core/package.json')), 'wasm/');
Object.assign(globalThis, {
  self: globalThis,
  require,
  __dirname: wasm,
  importScripts: (script) => {
    globalThis.__filename = script;
    runInThisContext(readFileSync(script, 'utf8'), { filename: script });
  },
});

const [model, preprocessing, ...files] = process.argv.slice(2);
const preparation = JSON.parse(readFileSync(preprocessing, 'utf8'));
const { loadAndCompile, loadLiteRt, Tensor } = await import('@litertjs/core');
await loadLiteRt(wasm);
const network = await loadAndCompile(new Uint8Array(readFileSync(model)), { accelerator: 'wasm' });
const shape = Array.from(network.getInputDetails()[0].shape);
for (const file of files) {
  const input = new Tensor(realNumbers(file, preparation, shape[1], shape[2]), shape);
  const [output] = await network.run(input);
  console.log(JSON.stringify({ output: Array.from(await output.data()) }));
  input.delete();
  output.delete();
}
