// The page decides as the program does, to the last bit.
import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {hostDecision, pageDecision, withPage} from './served_page.mjs';

const photographs = join(process.env.COCO_MCU_SHARED ?? '../shared', 'data', 'coco_val');
const SHARED = 6;

/** Decoders of JPEG differ, those of PNG do not: the browser makes a PNG file of the picture. */
async function asPng(page, picture, folder) {
  const base64 = await page.evaluate(async (jpeg) => {
    const bytes = Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const canvas = document.createElement('canvas');
    Object.assign(canvas, {width: bitmap.width, height: bitmap.height});
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    return canvas.toDataURL('image/png').split(',')[1];
  }, readFileSync(picture, 'base64'));
  const png = join(folder, `${picture.split('/').pop()}.png`);
  writeFileSync(png, Buffer.from(base64, 'base64'));
  return png;
}

async function agreeOn(pictures) {
  await withPage(async (page, {folder}) => {
    const labels = new Set();
    for (const picture of pictures) {
      const png = await asPng(page, picture, folder);
      assert.equal(await pageDecision(page, png), hostDecision(png), picture);
      labels.add(await page.textContent('#label'));
    }
    assert.deepEqual([...labels].sort(), ['no person', 'person']);
  });
}

test('samples with a person and without', async () => {
  await agreeOn(['astronaut.jpg', 'camera.jpg', 'coffee.jpg', 'rocket.jpg', 'chelsea.png'].map(
      (name) => join('samples', name)));
});

test('photographs', {skip: !existsSync(photographs) && `${photographs} is not here`}, async () => {
  const names = readdirSync(photographs).sort().slice(0, SHARED);
  await agreeOn(names.map((name) => join(photographs, name)));
});
