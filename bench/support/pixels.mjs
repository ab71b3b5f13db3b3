// From pixels to what a network reads, for the runtimes that coco-mcu export writes for.
import { readFileSync } from 'node:fs';

/// The real numbers of height x width RGB bytes in a file, rows, columns, channels.
/// docs/arithmetic.md, "From pixels to the network's input".
export function realNumbers(file, { mean, deviation }, height, width) {
  const pixels = readFileSync(file);
  const channels = mean.length;
  if (pixels.length !== height * width * channels) {
    throw new Error(`${file}: is not ${height}x${width} RGB`);
  }
  return Float32Array.from(pixels, (pixel, i) => {
    const c = i % channels;
    return (pixel - 255 * mean[c]) / (255 * deviation[c]);
  });
}
