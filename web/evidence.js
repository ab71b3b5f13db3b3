// Lays what each place of the picture says over the picture.

const OPACITY = 0.65;  // of what is certain
const LONGER_SIDE = 512;

const ONE = 32768;  // a probability of 1

/** `colours`: RGB of 256 values. */
export function drawEvidence(canvas, picture, {rows, columns, probabilities}, colours) {
  const scale = LONGER_SIDE / Math.max(picture.width, picture.height);
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  if (rows === 0) return;
  const places = new OffscreenCanvas(columns, rows);
  const pixels = new ImageData(columns, rows);
  probabilities.forEach((probability, place) => {
    const value = probability / ONE;
    const colour = 3 * Math.round(255 * value);
    pixels.data.set([...colours.subarray(colour, colour + 3), 255 * OPACITY * value], 4 * place);
  });
  places.getContext('2d').putImageData(pixels, 0, 0);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(places, 0, 0, canvas.width, canvas.height);
}

/** A bar of the colours from nothing to certain. */
export function drawScale(element, colours) {
  const stops = [];
  for (let i = 0; i < 256; i += 15) {
    stops.push(`rgb(${colours[3 * i]} ${colours[3 * i + 1]} ${colours[3 * i + 2]} / ${i / 255})`);
  }
  element.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
}
