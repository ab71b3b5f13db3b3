// Once loaded, the page needs no server.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {hasDecided, hasPlanned, hostDecision, pageDecision, withPage} from './served_page.mjs';

test('the server goes', async () => {
  await withPage(async (page, {server}) => {
    await page.waitForFunction(() => document.querySelector('#offline').textContent !== '');
    server.kill();
    await page.reload();
    await hasDecided(page, 1);
    await hasPlanned(page);
    assert.equal(await pageDecision(page, 'samples/chelsea.png'), hostDecision('samples/chelsea.png'));
  });
});
