// Pictures as the engine takes them: RGBA bytes in the size of the file. The engine resizes, as it
// does elsewhere, so a PNG file without transparency decides as it does there, to the last bit.

// More pixels than this some browsers do not hold in a canvas; such pictures are made smaller.
const MOST_PIXELS = 1 << 24;

/** Draws `source` (an image bitmap or a video) into the canvas and returns its pixels. */
export function pixelsOf(canvas, source, sourceWidth, sourceHeight) {
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (sourceWidth * sourceHeight)));
  const width = Math.max(1, Math.floor(sourceWidth * scale));
  const height = Math.max(1, Math.floor(sourceHeight * scale));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(source, 0, 0, width, height);
  const {data} = context.getImageData(0, 0, width, height);
  return {rgba: new Uint8Array(data.buffer), height, width};
}

/** Decodes a file without changing its colours. */
export function decode(file) {
  return createImageBitmap(file, {colorSpaceConversion: 'none', premultiplyAlpha: 'none'});
}
