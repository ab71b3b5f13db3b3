// What goes wrong with pictures and cameras is said in one line, and the page goes on.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {decisions, hasDecided, hostDecision, pageDecision, withPage} from './served_page.mjs';

const noticeOf = async (page) => {
  await page.waitForSelector('#notice:visible');
  return page.textContent('#notice');
};

test('a broken picture', async () => {
  await withPage(async (page, {folder}) => {
    const broken = join(folder, 'broken.png');
    writeFileSync(broken, readFileSync('samples/chelsea.png').subarray(0, 40));
    await page.setInputFiles('#file', broken);
    assert.equal(await noticeOf(page),
        'broken.png: the browser cannot read it as a picture; choose a JPEG or PNG file.');
    assert.equal(await pageDecision(page, 'samples/chelsea.png'), hostDecision('samples/chelsea.png'));
    assert.ok(await page.isHidden('#notice'));
  });
});

test('a broken model', async () => {
  await withPage(async (page, {folder}) => {
    const broken = join(folder, 'broken.cmcu');
    writeFileSync(broken, readFileSync('models/person.cmcu').subarray(0, 1000));
    await page.setInputFiles('#model', broken);
    assert.match(await noticeOf(page), /^broken\.cmcu: .+; the model before stays open\.$/);
    assert.equal(await pageDecision(page, 'samples/chelsea.png'), hostDecision('samples/chelsea.png'));
  });
});

test('another model', async () => {
  await withPage(async (page) => {
    const before = await decisions(page);
    await page.setInputFiles('#model', 'models/coco_mcu-2bit.cmcu');
    await hasDecided(page, before + 1);
    assert.match(await page.textContent('#model-name'), /^coco_mcu-2bit\.cmcu/);
    assert.match(await page.textContent('#boards-note'), /not counted for this model/);
  });
});

test('no camera', async () => {
  await withPage(async (page) => {
    await page.click('#camera');
    assert.equal(await noticeOf(page), 'There is no camera here; choose a picture.');
    assert.equal(await page.getAttribute('#camera', 'aria-pressed'), 'false');
  });
});

test('a camera', async () => {
  const fake = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  await withPage(async (page) => {
    const before = await decisions(page);
    await page.click('#camera');
    await hasDecided(page, before + 3);
    assert.equal(await page.textContent('#camera'), 'Stop the camera');
    await page.click('#camera');
    await page.waitForSelector('#camera[aria-pressed="false"]');
  }, {browserArguments: fake});
});
