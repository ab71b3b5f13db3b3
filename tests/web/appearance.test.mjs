// Phones and desks, light and dark, keyboards and screen readers.
import assert from 'node:assert/strict';
import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {hasPlanned, pageFolder, withPage} from './served_page.mjs';

const PHONE = {viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true};
const DESK = {viewport: {width: 1280, height: 900}};
const LEAST_CONTRAST = 4.5;  // WCAG 2.2, level AA

/** Of every text that is seen against the card or page it stands on. */
function leastContrast() {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map((part) => part / 255)
        .map((part) => (part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return /, 0\)$/.test(colour) ? ground(element.parentElement) : colour;
  };
  const texts = [...document.querySelectorAll('h1, h2, p, dt, dd, th, td, label, button, output')]
      .filter((element) => element.checkVisibility() && element.textContent.trim() !== '' &&
              !element.classList.contains('drop-here'));
  return Math.min(...texts.map((element) => {
    const both = [getComputedStyle(element).color, ground(element)].map(luminance);
    return (Math.max(...both) + .05) / (Math.min(...both) + .05);
  }));
}

for (const [name, size] of [['phone', PHONE], ['desk', DESK]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${name}, ${colorScheme}`, async () => {
      await withPage(async (page) => {
        await hasPlanned(page);
        const {scrollWidth, clientWidth, columns} = await page.evaluate(() => ({
          scrollWidth: document.documentElement.scrollWidth,
          clientWidth: document.documentElement.clientWidth,
          columns: getComputedStyle(document.querySelector('main')).gridTemplateColumns.split(' ').length,
        }));
        assert.ok(scrollWidth <= clientWidth, `${scrollWidth} pixels wide in ${clientWidth}`);
        assert.equal(columns, name === 'desk' ? 2 : 1);
        const contrast = await page.evaluate(leastContrast);
        assert.ok(contrast >= LEAST_CONTRAST, `contrast of ${contrast}`);
      }, {...size, colorScheme});
    });
  }
}

test('a keyboard reaches everything, and everything has a name', async () => {
  await withPage(async (page) => {
    await hasPlanned(page);
    const reached = [];
    for (let i = 0; i < 12; ++i) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement.id));
    }
    for (const id of ['file', 'camera', 'show-evidence', 'budget', 'model', 'map']) {
      assert.ok(reached.includes(id), `${id} is not among ${reached}`);
    }
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, a')]
        .filter((element) => !(element.labels?.length > 0 || element.textContent.trim() ||
                               element.querySelector('img')?.alt))
        .map((element) => element.outerHTML));
    assert.deepEqual(nameless, []);
    assert.match(await page.textContent('#announcement'), /^person, [\d.]+ %$/);
  });
});

test('a slider that follows the arrow keys', async () => {
  await withPage(async (page) => {
    await hasPlanned(page);
    const before = await page.textContent('#budget-text');
    await page.focus('#budget');
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(
        (text) => document.querySelector('#budget-text').textContent !== text, before);
  });
});

test('under a megabyte', () => {
  const bytes = readdirSync(pageFolder, {recursive: true})
      .reduce((sum, name) => sum + statSync(join(pageFolder, name)).size, 0);
  assert.ok(bytes < 1e6, `${bytes} bytes`);
});
