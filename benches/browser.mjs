/**
 * What a visitor of the demo page waits for, measured in Chromium on this machine: bytes downloaded, time to the
 * first result, latency of a call. Prints tables, then everything as one line of JSON. Judges nothing.
 *
 *   node benches/browser.mjs
 */
import { ROOT } from '../tests/e2e/harness.mjs';
import { pageSizes, sumOf } from '../tools/sizes.mjs';
import { withPage } from './page.mjs';

/** The page as it ships. */
const PAGE = `${ROOT}dist`;
const COLD_STARTS = 5;
const CALLS = 30;
const TOKENS = [16, 128];
const SENTENCE = 'Thank you so much for the quick help with my old car, it made my day and I am really glad that you came. ';

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/** Every file the page asks for until it has a result, models aside, as it is and as a host would compress it. */
async function measureDownload() {
  /** @type {Set<string>} */
  const asked = new Set();
  await withPage({ root: PAGE, onRequest: (url) => asked.add(url.split('?')[0]) }, firstResult);
  const files = (await pageSizes()).filter(({ file }) => asked.has(file === 'index.html' ? '/' : `/${file}`));
  return [...files, sumOf('total', files)];
}

/**
 * Opens the demo in a fresh profile and gives the milliseconds from navigation to the first label on the page: the
 * visitor clicks the first example as soon as there is one.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} url
 * @returns {Promise<number>}
 */
async function firstResult(page, url) {
  await page.addInitScript(() => {
    let clicked = false;
    const observer = new MutationObserver(() => {
      const example = /** @type {HTMLElement | null} */ (document.querySelector('#examples button'));
      if (example && !clicked) {
        clicked = true;
        example.click();
      }
      if (!document.querySelector('#results [data-label]')) return;
      observer.disconnect();
      Object.assign(globalThis, { firstResultAt: performance.now() });
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  return (await page.waitForFunction(() => /** @type {any} */ (globalThis).firstResultAt)).jsonValue();
}

/**
 * Median time of a call, by the package's own clock (`meta.ms`, in the worker) and as the page sees it.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} url
 */
async function measureLatency(page, url) {
  await page.goto(`${url}tests/e2e/blank.html`);
  const runs = await page.evaluate(async ({ TOKENS, CALLS, SENTENCE }) => {
    const { pipeline } = await import(new URL('/www/lib/index.js', location.href).href);
    const classify = await pipeline('text-classification', '/www/models/emotions-q8');
    const words = SENTENCE.repeat(20).trim().split(' ');
    const runs = [];
    for (const wanted of TOKENS) {
      let [text, count] = ['', 0];
      for (let tokens = 0; tokens < wanted; count += 1) {
        text = words.slice(0, count + 1).join(' ');
        [{ tokens }] = (await classify(text)).meta.inputs;
      }
      const [inside, outside] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
      let [tokens, variant] = [0, ''];
      for (let call = 0; call < CALLS + 5; call += 1) {
        const start = performance.now();
        const { meta } = await classify(text);
        outside.push(performance.now() - start);
        inside.push(meta.ms);
        [tokens, variant] = [meta.inputs[0].tokens, meta.variant];
      }
      runs.push({ tokens, variant, inside: inside.slice(5), outside: outside.slice(5) }); // the first five warm up
    }
    await classify.dispose();
    return runs;
  }, { TOKENS, CALLS, SENTENCE });
  return runs.map(({ tokens, variant, inside, outside }) => ({ tokens, variant, 'worker ms': round(median(inside)), 'page ms': round(median(outside)) }));
}

const download = await measureDownload();
console.log('Downloaded to run the demo, models aside (bytes)');
console.table(download);

const starts = [];
for (let start = 0; start < COLD_STARTS; start += 1) starts.push(await withPage({ root: PAGE }, firstResult));
const first = { 'median ms': Math.round(median(starts)), 'best ms': Math.round(Math.min(...starts)), 'worst ms': Math.round(Math.max(...starts)) };
console.log(`From navigation to the first result, shipped model, fresh profile, localhost, ${COLD_STARTS} starts`);
console.table([first]);

const latency = await withPage({ root: ROOT }, measureLatency);
console.log(`Latency of a call, shipped model, median of ${CALLS}`);
console.table(latency);

console.log(JSON.stringify({ download: download.at(-1), firstResult: first, latency }));
