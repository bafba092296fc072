/** A page to measure in: a browser and a server, both gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { launch, launchProfile, openPage, ROOT } from '../tests/e2e/harness.mjs';
import { serve } from '../tools/serve.mjs';

/**
 * Runs `measure` on a page of a browser and a server of its own.
 *
 * @template T
 * @param {import('../tools/serve.mjs').ServeOptions} options
 * @param {(page: import('playwright-core').Page, url: string) => Promise<T>} measure `url`: of the server
 * @returns {Promise<T>}
 */
export async function withPage(options, measure) {
  const server = await serve(options);
  const browser = await launch();
  try {
    return await measure((await openPage(browser)).page, server.url);
  } finally {
    await browser.close();
    await server.close();
  }
}

/**
 * Runs `measure` in a fresh Chromium on a blank page. The page is isolated: its clock then counts in 5 µs instead of
 * 100 µs.
 *
 * @template T
 * @param {(page: import('playwright-core').Page, url: string) => Promise<T>} measure `url`: of the checkout
 * @returns {Promise<T>}
 */
export function withBlankPage(measure) {
  return withPage({ root: ROOT, isolated: true }, async (page, url) => {
    await page.goto(`${url}tests/e2e/blank.html`);
    return measure(page, url);
  });
}

/**
 * The same with a profile on disk: what a page stores otherwise stays in memory, and there is little room.
 *
 * @template T
 * @param {(page: import('playwright-core').Page, url: string) => Promise<T>} measure
 * @returns {Promise<T>}
 */
export async function withProfile(measure) {
  const server = await serve({ root: ROOT, isolated: true });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'headwise-profile-'));
  const context = await launchProfile(folder);
  try {
    const page = await context.newPage();
    await page.goto(`${server.url}tests/e2e/blank.html`);
    return await measure(page, server.url);
  } finally {
    await context.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The processor, and whether it has other work. */
export function machine() {
  const [load] = os.loadavg();
  const busy = load > 0.5 ? `; busy (load ${load.toFixed(1)}), so only shares and ratios mean something` : '';
  return `${os.cpus()[0].model}, ${os.cpus().length} cores${busy}`;
}
