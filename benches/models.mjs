/**
 * Several models side by side in Chromium: milliseconds of one text, and the ratio to the first model. Prints a table,
 * then one line of JSON.
 *
 *   node benches/models.mjs FOLDER FOLDER…    inside the checkout; tests/parity/random_checkpoint.py makes some
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../tests/e2e/harness.mjs';
import { machine, withBlankPage } from './page.mjs';

const TOKENS = [8, 128, 512];
const DTYPES = /** @type {const} */ (['fp32', 'q8']);

const folders = process.argv.slice(2).map((folder) => path.relative(ROOT, path.resolve(folder)));
const wrong = folders.find((folder) => folder.startsWith('..') || !existsSync(`${ROOT}${folder}/model.safetensors`));
if (folders.length === 0 || wrong) {
  console.error(`models: no model.safetensors in ${wrong ?? 'no folder'}, or not inside the checkout`);
  process.exit(1);
}

const about = machine();
const rows = [];
for (const dtype of DTYPES) {
  const measured = await withBlankPage((page, url) => page.evaluate(async ([url, folders, dtype, tokens]) => {
    /** @type {typeof import('./measure.mjs')} */
    const { latencies } = await import(`${url}benches/measure.mjs`);
    return latencies(`${url}target/bench/relaxed/headwise.js`, folders.map((folder) => `${url}${folder}/`), dtype, tokens);
  }, /** @type {const} */ ([url, folders, dtype, TOKENS])));
  for (const [index, { tokens, ms, memory, variant }] of measured.entries()) {
    const first = measured[index - (index % folders.length)].ms;
    rows.push({ model: folders[index % folders.length], variant, dtype, tokens, ms, ratio: ms / first, memory });
  }
}
console.log(`One text, median\n${about}`);
console.table(rows.map(({ ms, ratio, memory, ...row }) => ({
  ...row, ms: Number(ms.toFixed(1)), ratio: Number(ratio.toFixed(2)), MB: Math.round(memory / 1e6),
})));
console.log(JSON.stringify({ machine: about, rows }));
