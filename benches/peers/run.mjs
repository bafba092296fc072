/**
 * Headwise beside the other engines that classify text in a browser, in one Chromium, on one thread, the same inputs,
 * in turns. Prints tables, writes `results.json`. Judges only whether everybody computes what Python computes.
 *
 *   node benches/peers/run.mjs [--only SUITE]… [--engine PART OF A NAME]… [--warm-up SECONDS]
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch, openPage, ROOT } from '../../tests/e2e/harness.mjs';
import { serve } from '../../tools/serve.mjs';
import { SUITES } from './suites.mjs';
import { printTables } from './tables.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const [FEWEST_ROUNDS, MOST_ROUNDS, ROW_SECONDS] = [5, 25, 6];

/** A difference to Python that is an error, not rounding. Quantised engines differ by what quantisation costs. */
const TOLERANCE = { fp32: 1e-3, q8: Infinity };

/** @typedef {import('./suites.mjs').Contender} Contender */
/** @typedef {(name: string, request: {verb: string, [field: string]: unknown}) => Promise<any>} Ask */

/**
 * @typedef {object} Measured
 * @property {string} row
 * @property {number} rounds
 * @property {Record<string, {median: number, best: number, worst: number, difference: number}>} engines  ms, by name
 */

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Opens what can be opened; an engine that cannot is told and left out.
 *
 * @param {import('./suites.mjs').Suite} suite
 * @param {Contender[]} contenders
 * @param {Ask} ask
 * @param {string} url
 * @param {number} warmUp  seconds
 */
async function open(suite, contenders, ask, url, warmUp) {
  const ready = [];
  for (const contender of contenders) {
    const { name, adapter, options, onPage } = contender;
    try {
      const about = await ask(name, { verb: 'open', adapter, options, onPage, name: suite.model, url });
      await ask(name, { verb: 'warm', kind: suite.kind, rows: suite.rows.slice(0, 3), ms: warmUp * 1000 });
      ready.push({ ...contender, about });
    } catch (error) {
      console.log(`left out: ${name}: ${/** @type {Error} */ (error).message.split('\n')[0]}`);
    }
  }
  return ready;
}

/**
 * The largest difference to Python's answer.
 *
 * @param {any} workload
 * @param {'ids' | 'texts'} kind
 * @param {string} row
 * @param {any[]} answer
 */
function difference(workload, kind, row, answer) {
  const batch = row.split(',')[0];
  const differences = kind === 'ids'
    ? workload.logits[batch].flat().map((/** @type {number} */ logit, /** @type {number} */ index) => Math.abs(logit - answer[index]))
    : workload.scores[batch].map((/** @type {Record<string, number>} */ scores, /** @type {number} */ index) => (
      Math.abs(scores[answer[index].label] - answer[index].score)));
  return differences.reduce((/** @type {number} */ worst, /** @type {number} */ next) => (next <= worst ? worst : next), 0); // keeps NaN
}

/**
 * One row: every engine answers once and is checked, then all take samples in turns, each time another one first.
 *
 * @param {import('./suites.mjs').Suite} suite
 * @param {string} row
 * @param {Contender[]} contenders
 * @param {any} workload
 * @param {Ask} ask
 */
async function measure(suite, row, contenders, workload, ask) {
  /** @type {Map<string, number>} */
  const differences = new Map();
  const start = performance.now();
  for (const { name, dtype } of contenders) {
    const answer = await ask(name, { verb: 'answer', kind: suite.kind, row });
    const off = difference(workload, suite.kind, row, answer);
    if (!(off <= TOLERANCE[dtype])) throw new Error(`${name} is off by ${off} at ${row} (${suite.title})`);
    differences.set(name, off);
  }
  const affordable = Math.floor((ROW_SECONDS * 1000) / (performance.now() - start));
  const rounds = Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, affordable));
  /** @type {Map<string, number[]>} */
  const samples = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    for (const { name } of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      samples.get(name)?.push(await ask(name, { verb: 'sample', row }));
    }
  }
  const engines = Object.fromEntries([...samples].map(([name, times]) => [name, {
    median: median(times), best: Math.min(...times), worst: Math.max(...times), difference: differences.get(name) ?? NaN,
  }]));
  return { rounds, engines };
}

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: Object.keys(SUITES) },
      engine: { type: 'string', multiple: true, default: [''] },
      'warm-up': { type: 'string', default: '3' },
    },
  });
  for (const suite of values.only) if (!SUITES[suite]) throw new Error(`no such suite: ${suite}; there are ${Object.keys(SUITES).join(', ')}`);
  return values;
}

/**
 * A suite on a page of its own: prints its tables.
 *
 * @param {string} key
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {ReturnType<typeof options>} values
 * @returns {Promise<{made: Record<string, string>, engines: Record<string, string>, measured: Measured[]}>}
 *   `made`: versions of what made the model
 */
async function run(key, browser, url, values) {
  const suite = SUITES[key];
  const workload = JSON.parse(await readFile(`${HERE}models/${suite.model}/workload.json`, 'utf8'));
  const { page, problems } = await openPage(browser);
  page.setDefaultTimeout(0);
  await page.goto(`${url}page.html`);
  await page.waitForFunction(() => 'ask' in globalThis);
  /** @type {Ask} */
  const ask = (name, request) => page.evaluate(
    ([name, request]) => /** @type {any} */ (globalThis).ask(name, request), /** @type {const} */ ([name, request]));

  console.log(`\n## ${suite.title}`);
  const wanted = suite.contenders.filter(({ name }) => values.engine.some((part) => name.includes(part)));
  const ready = await open(suite, wanted, ask, `${url}models/${suite.model}/`, Number(values['warm-up']));
  const measured = [];
  for (const row of suite.rows) measured.push({ row, ...await measure(suite, row, ready, workload, ask) });
  printTables(ready, measured);
  for (const problem of new Set(problems)) console.log(`page: ${problem}`);
  await page.context().close(); // and with it every worker and its memory
  return { made: workload.versions, engines: Object.fromEntries(ready.map(({ name, about }) => [name, about])), measured };
}

async function main() {
  const values = options();
  for (const needed of ['node_modules/onnxruntime-web', ...values.only.map((suite) => `models/${SUITES[suite].model}/workload.json`)]) {
    if (!existsSync(HERE + needed)) throw new Error(`benches/peers/${needed} is missing; benches/peers/README.md tells how to make it`);
  }
  const server = await serve({ root: ROOT, bare: true });
  const browser = await launch();
  const start = performance.now();
  const machine = `${os.cpus()[0].model}, ${os.cpus().length} cores, ${process.platform} ${process.arch}`;
  const versions = { chromium: browser.version(), headwise: JSON.parse(await readFile(`${ROOT}package.json`, 'utf8')).version };
  const load = os.loadavg()[0];
  console.log(`${machine}; Chromium ${versions.chromium}`);
  if (load > 0.5) console.log(`The machine is busy (load ${load.toFixed(1)}): only ratios within a column mean something.`);
  /** @type {Record<string, Awaited<ReturnType<typeof run>>>} */
  const suites = {};
  try {
    for (const key of values.only) suites[key] = await run(key, browser, `${server.url}benches/peers/`, values);
  } finally {
    await browser.close();
    await server.close();
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  const json = JSON.stringify({ machine, load, seconds, versions, suites });
  await writeFile(`${HERE}results.json`, `${json}\n`);
  console.log(json);
}

main().catch((error) => {
  console.error(`peers: ${error.message}`);
  process.exitCode = 1;
});
