// A network that coco-mcu export has written, opened in ONNX Runtime on one thread.
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

/**
 * Opens MODEL.onnx. PREPROCESSING.json has the lists mean and deviation.
 * Returns `picture(file)`, the input made of a file of height x width RGB bytes, and `run(input)`,
 * the list of probabilities.
 */
export async function openNetwork(model, preprocessing) {
  const { mean, deviation } = JSON.parse(readFileSync(preprocessing, 'utf8'));
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
      const pixels = readFileSync(file);
      if (pixels.length !== channels * area) {
        throw new Error(`${file}: is not ${height}x${width} RGB`);
      }
      const numbers = new Float32Array(channels * area);
      for (let c = 0; c < channels; ++c) {
        for (let i = 0; i < area; ++i) {
          numbers[c * area + i] = (pixels[channels * i + c] - 255 * mean[c]) / (255 * deviation[c]);
        }
      }
      return { [name]: new ort.Tensor('float32', numbers, shape) };
    },
    async run(input) {
      const outputs = await session.run(input);
      return Array.from(outputs[output].data);
    },
  };
}
