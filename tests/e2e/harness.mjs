/** What every end-to-end test needs: a fresh Chromium, pages that report what went wrong, screenshots, numbers. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The sources of the page and the package. */
export const WWW = `${ROOT}www/`;

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/**
 * Starts a headless Chromium with a profile of its own, forgotten on `close()`.
 *
 * @param {string[]} [flags]
 */
export function launch(flags = []) {
  return chromium.launch({ executablePath: executable(), headless: true, args: [...FLAGS, ...flags] });
}

/**
 * The same with its profile in a folder.
 *
 * @param {string} folder
 * @param {string[]} [flags]
 */
export function launchProfile(folder, flags = []) {
  return chromium.launchPersistentContext(folder, { executablePath: executable(), headless: true, args: [...FLAGS, ...flags] });
}

function executable() {
  return process.env.CHROMIUM ?? execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
}

/**
 * A new page in a context of its own, with everything that went wrong in it: console errors, uncaught errors and
 * violations of the content security policy, of the page and of its workers (Chromium logs those as console errors).
 *
 * @param {import('playwright-core').Browser} browser
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openPage(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  return { page, problems };
}

/**
 * The problems but for those that Chromium itself logs of an optional file that is missing.
 *
 * @param {string[]} problems
 */
export const unexpected = (problems) => problems.filter((problem) => !/404/.test(problem));

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name
 */
export function screenshot(page, name) {
  return page.screenshot({ path: fileURLToPath(new URL(`screenshots/${name}.png`, import.meta.url)), fullPage: true });
}

/** @param {string} file  relative to the checkout */
export async function readJson(file) {
  return JSON.parse(await readFile(ROOT + file, 'utf8'));
}

/**
 * The largest difference between scores and the expected ones, label by label; NaN when the labels differ.
 *
 * @param {{label: string, score: number}[]} scores
 * @param {{label: string, score: number}[]} expected
 */
export function largestDifference(scores, expected) {
  if (scores.length !== expected.length) return NaN;
  const byLabel = new Map(scores.map(({ label, score }) => [label, score]));
  return Math.max(...expected.map(({ label, score }) => Math.abs((byLabel.get(label) ?? NaN) - score)));
}

/**
 * Waits for what no event announces.
 *
 * @param {string} what
 * @param {() => boolean} condition
 */
export async function eventually(what, condition) {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 100, `not so after 5 s: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
