// The page in a real browser, served by the real program. Run by ctest with
//   COCO_MCU_PROGRAM   build/.../coco-mcu
//   COCO_MCU_PAGE      the folder that tools/build_page.sh has made
//   COCO_MCU_CHROMIUM  the browser
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

import playwright from 'playwright-core';

const program = process.env.COCO_MCU_PROGRAM;
export const pageFolder = process.env.COCO_MCU_PAGE;
const PATIENCE = 120000;  // milliseconds; machines that build at the same time are slow

/** What coco-mcu prints with these arguments. */
export const run = (...words) => execFileSync(program, words, {encoding: 'utf8'});

/** The probability, 32768 is 1, that the program itself gives a picture. */
export function hostDecision(picture) {
  return JSON.parse(run('detect', '--json', picture)).person * 32768;
}

async function serve() {
  const server = spawn(program, ['serve', '--port', '0', '--folder', pageFolder]);
  for await (const line of createInterface({input: server.stdout})) {
    return {server, url: line.split(' ')[0]};
  }
  throw new Error('coco-mcu serve has ended');
}

/** Calls `use` with a page that has decided on its first sample, and with a folder for files. */
export async function withPage(use, {browserArguments = [], ...context} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'coco_mcu_web_'));
  const {server, url} = await serve();
  const browser = await playwright.chromium.launch(
      {executablePath: process.env.COCO_MCU_CHROMIUM, args: ['--no-sandbox', ...browserArguments]});
  try {
    const opened = await browser.newContext(context);
    const page = await opened.newPage();
    page.setDefaultTimeout(PATIENCE);
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(url);
    await hasDecided(page, 1);
    await use(page, {folder, server, context: opened});
    if (complaints.length > 0) throw new Error(`the browser complains: ${complaints.join('; ')}`);
  } finally {
    await browser.close();
    server.kill();
    rmSync(folder, {recursive: true});
  }
}

export const decisions = (page) => page.$eval(
    '.verdict', (verdict) => Number(verdict.dataset.decisions ?? 0));

/** Waits for the page's decision number `count`. */
export async function hasDecided(page, count) {
  await page.waitForFunction(
      (least) => Number(document.querySelector('.verdict').dataset.decisions) >= least, count);
}

/** What the page decides on a file: 32768 is 1. */
export async function pageDecision(page, picture) {
  const before = await decisions(page);
  await page.setInputFiles('#file', picture);
  await hasDecided(page, before + 1);
  return probability(page);
}

export const probability = (page) => page.$eval(
    '.verdict', (verdict) => Number(verdict.dataset.probability));

/** Waits until the planner has found all plans. */
export const hasPlanned = (page) => page.waitForSelector('#budget:enabled');
