// The slider plans as coco-mcu plan does, and the page decides with that plan.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {decisions, hasDecided, hasPlanned, pageFolder, probability, run, withPage} from './served_page.mjs';

const MODEL = 'models/person.cmcu';

async function slideTo(page, kib) {
  await page.$eval('#budget', (slider, value) => {
    slider.value = value;
    slider.dispatchEvent(new Event('input'));
  }, kib);
}

test('less RAM', async () => {
  const figures = JSON.parse(readFileSync(join(pageFolder, 'figures.json')));
  const least = figures.plans.at(-1);
  await withPage(async (page, {folder}) => {
    await hasPlanned(page);
    const before = {decisions: await decisions(page), probability: await probability(page),
                    map: await page.innerHTML('#map')};
    await slideTo(page, Math.ceil(least.peak_ram_bytes / 1024));
    await hasDecided(page, before.decisions + 1);
    assert.equal(await probability(page), before.probability);
    assert.equal(await page.textContent('#ram'), `${least.peak_ram_bytes.toLocaleString('en')} bytes`);
    const millions = `${(least.boards[0].instructions / 1e6).toFixed(1)} M`;
    assert.match(await page.textContent('#boards'), new RegExp(`Cortex-M4${millions}`));
    await page.waitForFunction((map) => document.querySelector('#map').innerHTML !== map, before.map);

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
    const expected = join(folder, 'expected.cmcu');
    run('plan', MODEL, '--ram', String(least.peak_ram_bytes), '--out', expected);
    assert.deepEqual(readFileSync(await download.path()), readFileSync(expected));
  });
});

test('too little RAM', async () => {
  await withPage(async (page) => {
    await hasPlanned(page);
    await slideTo(page, 0);
    await page.waitForFunction(
        () => document.querySelector('#plan-text').textContent.startsWith('No plan within'));
    assert.match(await page.textContent('#plan-text'), /the smallest takes [\d,]+ bytes/);
  });
});
