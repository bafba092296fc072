/** Headwise: token ids straight into the module, texts through the public `pipeline()`. */
import { pipeline } from '../../../www/lib/index.js';
import { resolveModel } from '../../../www/lib/source/hub.js';
import { load } from '../../../www/lib/engine/load.js';
import { Runtime } from '../../../www/lib/runtime/runtime.js';
import { Store } from '../../../www/lib/store/store.js';
import * as glue from '../../../www/lib/wasm/headwise.js';

/**
 * @param {import('../host.js').Model} model
 * @param {{variant: 'simd128' | 'relaxed', dtype: 'fp32' | 'q8', texts?: boolean, dot?: 'add' | 'pair', all?: boolean}} options
 *   `dot`: the form of the relaxed dot product; `all`: compute every token of the last layer, as a token head needs
 * @returns {Promise<import('../host.js').Engine>}
 */
export function open({ url }, { variant, dtype, texts, dot, all }) {
  return texts ? openTexts(url, variant, dtype) : openIds(url, variant, dtype, { dot, all });
}

/**
 * What really runs.
 *
 * @param {{dtype: string, variant: string, memory: number}} info
 */
const about = ({ dtype, variant, memory }) => `headwise, ${dtype}, ${variant}, ${Math.round(memory / 1e6)} MB of weights`;

/**
 * The package as an application uses it, its own worker and the messages to it included.
 *
 * @param {string} url
 * @param {'simd128' | 'relaxed'} variant
 * @param {'fp32' | 'q8'} dtype
 * @returns {Promise<import('../host.js').Engine>}
 */
async function openTexts(url, variant, dtype) {
  const classify = await pipeline('text-classification', url, { variant, dtype });
  return {
    about: about(classify.model),
    prepareTexts: (texts) => () => classify(texts),
  };
}

/**
 * @param {string} url
 * @param {'simd128' | 'relaxed'} variant
 * @param {'fp32' | 'q8'} dtype
 * @param {{dot?: 'add' | 'pair', all?: boolean}} how
 * @returns {Promise<import('../host.js').Engine>}
 */
async function openIds(url, variant, dtype, { dot, all }) {
  const runtime = new Runtime(glue.initSync, /** @type {any} */ (glue));
  const wasm = { [variant]: new URL(`../../../www/lib/wasm/headwise_${variant}.wasm`, import.meta.url).href };
  const signal = new AbortController().signal;
  if (dot) {
    // Before the load, which otherwise measures which form is faster here.
    await runtime.open({ variant, wasm });
    glue.set_dot_form(dot);
  }
  const options = { variant, dtype, wasm };
  const withHead = async (/** @type {string} */ head) => {
    const request = { source: resolveModel(url), what: { part: /** @type {const} */ ('model'), head }, options };
    const { held } = await load(request, { host: { runtime, store: new Store() }, signal, report: () => {} });
    return /** @type {any} */ (held);
  };
  const classifier = await withHead('sequence');
  const encoder = all && await withHead('base');
  return {
    about: about(classifier.info),
    prepareIds(sequences) {
      const rows = rowsOf(sequences);
      if (!encoder) return async () => forward(classifier, rows).logits.data;
      const { logits } = forward(classifier, rows);
      return async () => {
        forward(encoder, rows);
        return logits.data;
      };
    },
  };
}

/** @param {any} model @param {ReturnType<typeof rowsOf>} rows */
function forward(model, rows) {
  const run = model.start(rows, {});
  while (!run.step());
  return run.finish();
}

/** As rows of equal length, of which the engine reads what is no padding. @param {number[][]} sequences */
function rowsOf(sequences) {
  const length = Math.max(...sequences.map((sequence) => sequence.length));
  const filled = (/** @type {(id: number) => number} */ value) =>
    Uint32Array.from(sequences.flatMap((sequence) => [...sequence.map(value), ...Array(length - sequence.length).fill(0)]));
  return { length, choices: 0, input_ids: filled((id) => id), attention_mask: filled(() => 1) };
}
