/**
 * Tokenizers in WASM: time and memory of their load, and texts a second. Each is loaded in a fresh module, in a thread
 * of Node. Prints a table, then one line of JSON.
 *
 *   node benches/tokenizers.mjs TEXTS FOLDER FOLDER…    TEXTS: a JSON list of texts
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** Loads of each tokenizer, of which the median counts. */
const TIMES = 5;

/** @typedef {{ms: number, growth: number, textsPerSecond: number, tokens: number}} Measured */

/**
 * @param {string} folder
 * @param {string[]} texts
 * @returns {Promise<Measured>}
 */
async function measure(folder, texts) {
  const url = new URL('../target/bench/simd128/headwise.js', import.meta.url);
  const glue = await import(url.href);
  const { memory } = await glue.default({ module_or_path: readFileSync(new URL('headwise_bg.wasm', url)) });
  const names = readdirSync(folder);
  const read = (/** @type {string[]} */ names) => Object.fromEntries(
    names.map((name) => [name, new Uint8Array(readFileSync(path.join(folder, name)))]));
  // As the package does: the older files only where there is no tokenizer.json.
  const whole = names.filter((name) => ['tokenizer.json', 'tokenizer_config.json', 'config.json'].includes(name));
  const files = read(whole.includes('tokenizer.json') ? whole : names);
  const before = memory.buffer.byteLength;
  const start = performance.now();
  const tokenizer = new glue.TokenizerBench(files);
  const ms = performance.now() - start;
  const growth = memory.buffer.byteLength - before;
  tokenizer.count(texts.slice(0, 100));
  const begin = performance.now();
  const tokens = tokenizer.count(texts);
  return { ms, growth, tokens, textsPerSecond: (1000 * texts.length) / (performance.now() - begin) };
}

/** @param {string} folder @param {string[]} texts @returns {Promise<Measured>} */
function inThread(folder, texts) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { folder, texts } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (isMainThread) {
  const { machine } = await import('./page.mjs');
  const [list, ...folders] = process.argv.slice(2);
  if (folders.length === 0) {
    console.error('tokenizers: give a JSON list of texts and folders of tokenizers');
    process.exit(1);
  }
  /** @type {string[]} */
  const texts = JSON.parse(readFileSync(list, 'utf8'));
  const about = machine();
  const rows = [];
  for (const folder of folders) {
    /** @type {Measured[]} */
    const runs = [];
    while (runs.length < TIMES) runs.push(await inThread(folder, texts));
    const median = (/** @type {keyof Measured} */ key) => runs.map((run) => run[key]).sort((a, b) => a - b)[TIMES >> 1];
    rows.push({
      tokenizer: path.basename(path.resolve(folder)),
      'load ms': Math.round(median('ms')),
      'memory MB': Number((median('growth') / 1e6).toFixed(1)),
      'texts/s': Math.round(median('textsPerSecond')),
      tokens: median('tokens'),
    });
  }
  console.log(`${texts.length} texts, Node ${process.versions.node}, simd128\n${about}`);
  console.table(rows);
  console.log(JSON.stringify({ machine: about, rows }));
} else {
  parentPort?.postMessage(await measure(workerData.folder, workerData.texts));
}
