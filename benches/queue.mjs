/**
 * How long a keystroke waits: short calls alone, and while a batch of 3,000 texts of 60 words computes; how long an abort
 * of such a batch takes, and the call after it. The shipped model in int8, in Chromium.
 *
 *   node benches/queue.mjs    `./build.sh bench queue` builds what it needs
 */
import { ROOT } from '../tests/e2e/harness.mjs';
import { withPage } from './page.mjs';

/** In the page. */
async function measure() {
  /** @type {typeof import('../www/lib/index.js')} */
  const { pipeline } = await import(new URL('/www/lib/index.js', location.href).href);
  const classify = await pipeline('text-classification', '/www/models/emotions-q8/');
  const texts = Array.from({ length: 3000 }, (_, place) => `The ${place}th of many sentences that take their time. `.repeat(7));
  const milliseconds = async (/** @type {() => Promise<unknown>} */ act) => {
    const start = performance.now();
    await act();
    return performance.now() - start;
  };
  const short = () => milliseconds(() => classify('I love it', { priority: 'user-blocking' }));
  const pause = () => new Promise((resolve) => { setTimeout(resolve, 40); });
  const repeat = async () => {
    const times = [];
    for (let call = 0; call < 50; call += 1) {
      times.push(await short());
      await pause();
    }
    return times.sort((a, b) => a - b);
  };
  await repeat();
  const alone = await repeat();
  const controller = new AbortController();
  const batch = classify(texts, { priority: 'background', signal: controller.signal }).catch(() => {});
  await pause();
  const beside = await repeat();
  const aborted = await milliseconds(() => {
    controller.abort();
    return batch;
  });
  const after = await short();
  const row = (/** @type {number[]} */ times) => ({ median: times[times.length >> 1], most: times[times.length - 1] });
  return { 'a short call, alone': row(alone), 'beside the batch': row(beside), 'an abort of the batch': row([aborted]), 'the call after it': row([after]) };
}

const rows = await withPage({ root: ROOT, bare: true }, async (page, url) => {
  await page.goto(`${url}tests/e2e/blank.html`);
  return page.evaluate(measure);
});
console.table(Object.fromEntries(Object.entries(rows).map(([name, times]) =>
  [name, Object.fromEntries(Object.entries(times).map(([what, ms]) => [`${what}, ms`, Math.round(ms * 10) / 10]))])));
