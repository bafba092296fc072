/**
 * Measurements of the WASM module built with the feature `bench`, made in the thread that imports this: of a page, or
 * of Node, which has no model to profile. Results are plain data.
 */

/** A burst is long beside the 5 µs that the clock counts in. */
const BURST_MS = 5;

/** Weights that fill no cache. */
const CYCLED_BYTES = 40e6;

const ROWS = [1, 8, 32, 128];

/**
 * @typedef {object} Rate
 * @property {number} rows
 * @property {boolean} hot   one matrix again and again; otherwise each product takes the next of many
 * @property {number} rate   10⁹ operations per second; a multiplication and an addition are two
 * @property {number} peak   of the build's best instruction, measured in turns with it
 */

/**
 * The generated module next to its WebAssembly, which starts once.
 *
 * @param {string} url
 */
async function open(url) {
  const glue = await import(url);
  const wasm = new URL('headwise_bg.wasm', url);
  const source = wasm.protocol === 'file:' ? (await import('node:fs/promises')).readFile(wasm) : wasm;
  await glue.default({ module_or_path: source instanceof URL ? source : await WebAssembly.compile(await source) });
  return glue;
}

/** @param {() => void} work */
function milliseconds(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** @param {() => void} work @param {number} ms */
function repeat(work, ms) {
  const end = performance.now() + ms;
  do work(); while (performance.now() < end);
}

/**
 * The fastest times of one execution of each work, in ms. Bursts of all follow each other in turns, so that what slows
 * the machine down for a while slows all of them.
 *
 * @param {((times: number) => void)[]} works
 * @param {number} ms for each
 */
function fastest(works, ms) {
  const bursts = works.map((work) => {
    repeat(() => work(1), ms / 2); // until the engine has compiled it for good
    let times = 1;
    while (milliseconds(() => work(times)) < BURST_MS) times *= 2;
    return { work, times, best: Infinity };
  });
  repeat(() => {
    for (const burst of bursts) burst.best = Math.min(burst.best, milliseconds(() => burst.work(burst.times)));
  }, ms * works.length);
  return bursts.map(({ best, times }) => best / times);
}

/**
 * Names of the kernels of a build.
 *
 * @param {string} url
 * @returns {Promise<string[]>}
 */
export async function kernelNames(url) {
  return [...(await open(url)).kernel_names()];
}

/**
 * Rates of a kernel at one shape of weights.
 *
 * @param {string} url      of the build
 * @param {string} kernel
 * @param {number} outputs
 * @param {number} inputs
 * @returns {Promise<Rate[]>}
 */
export async function kernelRates(url, kernel, outputs, inputs) {
  const glue = await open(url);
  const bytesPerWeight = kernel.startsWith('int8') ? 1 : kernel.startsWith('f16') ? 2 : 4;
  const copies = Math.ceil(CYCLED_BYTES / (outputs * inputs * bytesPerWeight));
  const steps = 1000;
  const [peakOf, peakOperations] = kernel.startsWith('int8')
    ? [glue.peak_int8, 2 * glue.peak_int8(1)]
    : [glue.peak_f32, 2 * 12 * 8];
  return ROWS.flatMap((rows) => [true, false].map((hot) => {
    const bench = new glue.KernelBench(kernel, rows, outputs, inputs, hot ? 1 : copies);
    const [product, peak] = fastest([(times) => bench.run(times), (times) => peakOf(times * steps)], 120);
    bench.free();
    return { rows, hot, rate: (2 * rows * outputs * inputs) / product / 1e6, peak: (peakOperations * steps) / peak / 1e6 };
  }));
}

/**
 * @typedef {object} Profile
 * @property {string} variant
 * @property {string} kernel
 * @property {number} tokens
 * @property {number} ms                          of one text
 * @property {Record<string, number>} operations  share of that time, by operation
 */

/**
 * Where the time of a model goes.
 *
 * @param {string} url     of the build
 * @param {string} folder  of the model
 * @param {'fp32' | 'fp16' | 'q8'} dtype
 * @param {number[]} lengths
 * @returns {Promise<Profile[]>}
 */
export async function profile(url, folder, dtype, lengths) {
  const glue = await open(url);
  const classifier = await load(glue, folder, dtype);
  const { variant, kernel, max_length } = classifier.info;
  const { vocab_size } = await (await fetch(`${folder}config.json`)).json();
  const profiles = lengths.filter((tokens) => tokens <= max_length).map((tokens) => {
    const ids = Uint32Array.from({ length: tokens }, (_, index) => 5 + ((index * 7919) % (vocab_size - 5)));
    const batch = Uint32Array.of(tokens);
    repeat(() => classifier.logits(ids, batch), 500);
    glue.count_times();
    let runs = 0;
    const total = milliseconds(() => repeat(() => {
      classifier.logits(ids, batch);
      runs += 1;
    }, 1500));
    /** @type {[string, number][]} */
    const times = glue.take_times();
    const operations = Object.fromEntries(times.map(([name, ms]) => [name, ms / total]));
    operations.rest = 1 - Object.values(operations).reduce((sum, share) => sum + share, 0);
    return { variant, kernel, tokens, ms: total / runs, operations };
  });
  classifier.free();
  return profiles;
}

/**
 * @typedef {object} Latency
 * @property {string} folder
 * @property {string} variant
 * @property {number} tokens
 * @property {number} ms      median of one text
 * @property {number} memory  bytes of weights
 */

/** Texts of each model and length. */
const ROUNDS = 7;

/**
 * Times of several models, one text of each in turn, so that what slows the machine down slows all of them.
 *
 * @param {string} url        of the build
 * @param {string[]} folders  of the models
 * @param {'fp32' | 'fp16' | 'q8'} dtype
 * @param {number[]} lengths  in tokens
 * @returns {Promise<Latency[]>}
 */
export async function latencies(url, folders, dtype, lengths) {
  const glue = await open(url);
  const models = [];
  for (const folder of folders) models.push({ folder, classifier: await load(glue, folder, dtype) });
  return lengths.flatMap((tokens) => {
    const runs = models.map(({ folder, classifier }) => {
      const { variant, memory } = classifier.info;
      const ids = Uint32Array.from({ length: tokens }, (_, index) => 5 + ((index * 7919) % 20_000));
      const run = () => { classifier.logits(ids, Uint32Array.of(tokens)); };
      run();
      return { folder, variant, memory, run, /** @type {number[]} */ times: [] };
    });
    for (let round = 0; round < ROUNDS; round += 1) for (const { run, times } of runs) times.push(milliseconds(run));
    return runs.map(({ folder, variant, memory, times }) => {
      const ms = times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
      return { folder, variant, memory, tokens, ms };
    });
  });
}

/**
 * A call with many inputs.
 * @typedef {object} Bulk
 * @property {number} tokens     that the model has read
 * @property {number} ms
 * @property {number} apart      time of some inputs in calls of their own, beside that of one call with them
 * @property {number} tokenizer  its share of the time
 * @property {number} kernels    theirs
 */

/**
 * What a call with many inputs takes, through the public interface, in this thread. A head that the model has not is
 * drawn at random: its answers mean nothing, its time is that of any other.
 *
 * @param {string} url     of the build
 * @param {string} folder  of the model
 * @param {'fp32' | 'fp16' | 'q8'} dtype
 * @param {import('./tasks.mjs').Work} work
 * @returns {Promise<Bulk>}
 */
export async function bulk(url, folder, dtype, { task, many, few, singles, read }) {
  const glue = await open(url);
  const { Runtime } = await import('../www/lib/runtime/runtime.js');
  const { pipelineOn } = await import('../www/lib/pipeline.js');
  const labels = task === 'text-ranking' ? ['score'] : ['no', 'perhaps', 'yes'];
  const new_head = task === 'feature-extraction' ? null : { labels };
  /** @type {any} */
  const run = await pipelineOn(new Runtime(async () => glue, glue))(/** @type {any} */ (task), folder, {
    worker: false, dtype, new_head,
  });
  const apart = async () => { for (const args of singles) await run(...args); };
  const together = () => run(...few);
  const best = { apart: Infinity, together: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    best.apart = Math.min(best.apart, await took(apart));
    best.together = Math.min(best.together, await took(together));
  }
  glue.count_times();
  const { meta } = await run(...many);
  /** @type {[string, number][]} */
  const times = glue.take_times();
  const kernels = times.reduce((sum, [, ms]) => sum + ms, 0);
  const tokenizer = new glue.TokenizerBench(await smallFiles(folder));
  const tokenizing = milliseconds(() => tokenizer.count(read));
  return {
    tokens: meta.inputs.reduce((/** @type {number} */ sum, /** @type {{tokens: number}} */ input) => sum + input.tokens, 0),
    ms: meta.ms,
    apart: best.apart / best.together,
    tokenizer: tokenizing / meta.ms,
    kernels: kernels / meta.ms,
  };
}

/** @param {() => Promise<unknown>} work */
async function took(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * @param {any} glue
 * @param {string} folder
 * @param {string} dtype
 */
async function load(glue, folder, dtype) {
  const loader = new glue.Loader(await smallFiles(folder), { dtype });
  const weights = await fetch(`${folder}model.safetensors`);
  if (!weights.ok || !weights.body) throw new Error(`no model.safetensors in ${folder}`);
  const reader = weights.body.getReader();
  for (let { value } = await reader.read(); value; { value } = await reader.read()) loader.push(0, value);
  return loader.finish();
}

/** @param {string} folder */
async function smallFiles(folder) {
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt', 'vocab.json', 'merges.txt']) {
    const response = await fetch(folder + file);
    if (response.ok) files[file] = new Uint8Array(await response.arrayBuffer());
  }
  return files;
}
