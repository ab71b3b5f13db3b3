// A network that coco-mcu export has written, opened in ONNX Runtime on one thread.
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { realNumbers } from '../support/pixels.mjs';

/**
 * Opens MODEL.onnx. PREPROCESSING.json has the lists mean and deviation.
 * Returns `picture(file)`, the input made of a file of height x width RGB bytes, and `run(input)`,
 * the list of probabilities.
 */
export async function openNetwork(model, preprocessing) {
  const preparation = JSON.parse(readFileSync(preprocessing, 'utf8'));
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  });
  const { name, shape } = session.inputMetadata[0];
  const [, channels, height, width] = shape;
  const area = height * width;
  const output = session.outputNames[0];
  return {
    picture(file) {
      const byPixel = realNumbers(file, preparation, height, width);
      const numbers = byPixel.map((_, i) => byPixel[(i % area) * channels + Math.floor(i / area)]);
      return { [name]: new ort.Tensor('float32', numbers, shape) };
    },
    async run(input) {
      const outputs = await session.run(input);
      return Array.from(outputs[output].data);
    },
  };
}
