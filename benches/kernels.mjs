/**
 * The rate of every matrix product, beside the peak of the processor: a loop of the build's best instruction on
 * registers alone, measured in turns with it. Prints a table for each build and runtime, then one line of JSON.
 *
 *   node benches/kernels.mjs
 */
import * as measure from './measure.mjs';
import { machine, withBlankPage } from './page.mjs';

/** Outputs and inputs of the weights in models 384 and 768 wide. */
const SHAPES = [[384, 384], [1536, 384], [768, 768], [3072, 768], [768, 3072]];

/**
 * Measures some kernels of a build and prints what came out.
 *
 * @param {string} title
 * @param {string[]} kernels
 * @param {(kernel: string, outputs: number, inputs: number) => Promise<measure.Rate[]>} ratesOf
 */
async function table(title, kernels, ratesOf) {
  /** @type {{kernel: string, outputs: number, inputs: number, rates: measure.Rate[]}[]} */
  const measured = [];
  for (const kernel of kernels) {
    for (const [outputs, inputs] of SHAPES) measured.push({ kernel, outputs, inputs, rates: await ratesOf(kernel, outputs, inputs) });
  }
  /** @param {string} type */
  const peak = (type) => Math.max(...measured.flatMap(({ kernel, rates }) => (
    kernel.startsWith('int8') === (type === 'int8') ? rates.map((rate) => rate.peak) : [])));
  console.log(`\n${title}; peak ${peak('f32').toFixed(1)} GFLOP/s in f32, ${peak('int8').toFixed(0)} GOP/s in int8`);
  console.table(measured.map(({ kernel, outputs, inputs, rates }) => ({
    kernel,
    'outputs×inputs': `${outputs}×${inputs}`,
    ...Object.fromEntries(rates.map(({ rows, hot, rate, peak }) => (
      [`${rows} ${hot ? 'hot' : 'cycling'}`, `${rate.toFixed(rate < 100 ? 1 : 0)} ${Math.round((100 * rate) / peak)} %`]))),
  })));
  return { title, measured };
}

async function inChromium() {
  return withBlankPage(async (page, url) => {
    /** @type {(build: string) => string} */
    const glue = (build) => `${url}target/bench/${build}/headwise.js`;
    /** @type {(name: 'kernelNames' | 'kernelRates', ...values: unknown[]) => Promise<any>} */
    const ask = (name, ...values) => page.evaluate(
      async ([module, name, values]) => (await import(module))[name](...values),
      /** @type {const} */ ([`${url}benches/measure.mjs`, name, values]));
    const version = page.context().browser()?.version();
    /** @type {string[]} */
    const known = [];
    const tables = [];
    for (const build of ['simd128', 'relaxed']) {
      // The second build holds the kernels of the first one too.
      const names = (await ask('kernelNames', glue(build))).filter((/** @type {string} */ name) => !known.includes(name));
      known.push(...names);
      const fast = names.filter((/** @type {string} */ name) => !name.endsWith('scalar'));
      tables.push(await table(`Chromium ${version}, ${build}`, fast, (...of) => ask('kernelRates', glue(build), ...of)));
    }
    return tables;
  });
}

async function inNode() {
  // Not every supported version of Node runs the relaxed build.
  const url = new URL('../target/bench/simd128/headwise.js', import.meta.url).href;
  const fast = (await measure.kernelNames(url)).filter((name) => !name.endsWith('scalar'));
  return table(`Node ${process.versions.node}, simd128`, fast, (...of) => measure.kernelRates(url, ...of));
}

const about = machine();
console.log(`Products of 1, 8, 32 and 128 rows, in GFLOP/s or GOP/s and in percent of the peak
hot: one matrix again and again; cycling: through 40 MB of weights, as the layers of a model do
${about}`);
const tables = [...await inChromium(), await inNode()];
console.log(JSON.stringify({ machine: about, tables }));
