/**
 * Where the time of a text goes, by operation, in Chromium. `rest` is everything that has no clock of its own:
 * embeddings, the head, copies and allocation. Prints a table, then one line of JSON.
 *
 *   node benches/profile.mjs [FOLDER]    a model inside the checkout; default: www/models/emotions
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../tests/e2e/harness.mjs';
import { machine, withBlankPage } from './page.mjs';

const TOKENS = [8, 128, 512];

const folder = path.relative(ROOT, path.resolve(process.argv[2] ?? `${ROOT}www/models/emotions`));
if (folder.startsWith('..') || !existsSync(`${ROOT}${folder}/model.safetensors`)) {
  console.error(`profile: no model.safetensors in ${folder}, or not inside the checkout`);
  process.exit(1);
}

const about = machine();
const profiles = await withBlankPage(async (page, url) => {
  const profiles = [];
  for (const build of ['relaxed', 'simd128']) {
    for (const dtype of ['fp32', 'q8']) {
      const measured = await page.evaluate(async ([url, build, folder, dtype, tokens]) => {
        /** @type {typeof import('./measure.mjs')} */
        const { profile } = await import(`${url}benches/measure.mjs`);
        return profile(`${url}target/bench/${build}/headwise.js`, `${url}${folder}/`, dtype, tokens);
      }, /** @type {const} */ ([url, build, folder, /** @type {'fp32' | 'q8'} */ (dtype), TOKENS]));
      profiles.push(...measured.map((profile) => ({ dtype, ...profile })));
    }
  }
  return profiles;
});
console.log(`Share of the time by operation, ${folder}, one text\n${about}`);
console.table(profiles.map(({ variant, dtype, kernel, tokens, ms, operations }) => ({
  variant, dtype, kernel, tokens, ms: Number(ms.toFixed(2)),
  ...Object.fromEntries(Object.entries(operations).map(([name, share]) => [name, `${(100 * share).toFixed(1)} %`])),
})));
console.log(JSON.stringify({ machine: about, folder, profiles }));
