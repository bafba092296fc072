/**
 * Numbers and errors in words.
 */

/** Keeps what belongs together on one line, such as a number and its unit. */
export const NBSP = '\u00a0';
const LIST = new Intl.ListFormat('en-GB', { type: 'conjunction' });

/** What went wrong, by `error.code`; the error's own message follows it on the page. */
const ERRORS = new Map(Object.entries({
  'access': 'This model is private or gated.',
  'adapter': 'This is an adapter, which needs its base model.',
  'config': 'The model’s config.json cannot be used.',
  'content': 'The server sent something other than the file.',
  'cors': 'The server does not let this page read the model.',
  'crashed': 'The engine stopped unexpectedly.',
  'disposed': 'This model was already put away.',
  'dtype': 'The weights use a number format that is not supported.',
  'http': 'The server refused the request.',
  'incomplete': 'The weights file ends too early.',
  'input': 'This cannot be read.',
  'integrity': 'What arrived is not what was promised.',
  'internal': 'The engine failed at this.',
  'missing-head': 'This model has no trained head for this task.',
  'missing-tensors': 'The weights file lacks tensors that the model needs.',
  'mixed-content': 'A page of https cannot load over http.',
  'model': 'This is not a model id.',
  'module': 'The engine could not be found.',
  'network': 'The model could not be downloaded.',
  'non-finite': 'The model computed numbers that make no sense.',
  'not-found': 'No such model, or one of its files is missing.',
  'option': 'An option has a value that is not supported.',
  'out-of-memory': 'There is not enough memory for this model.',
  'policy': 'The page’s Content-Security-Policy forbids this.',
  'rate-limited': 'The server asks to wait a little.',
  'safetensors': 'The weights file is damaged or is not safetensors.',
  'shape': 'The weights do not fit the model’s config.json.',
  'tokenizer': 'The model’s tokenizer cannot be used.',
  'unsupported-environment': 'This browser lacks something that the engine needs.',
  'unsupported-head': 'This kind of model cannot do this task.',
  'unsupported-model': 'This kind of model is not supported.',
  'worker-lost': 'The engine stopped unexpectedly.',
}));

/**
 * @param {unknown} error
 * @returns {{code: string, words: string, message: string}}
 */
export function explain(error) {
  const { code = '', message = String(error) } = /** @type {{code?: string, message?: string}} */ (error ?? {});
  return { code, words: ERRORS.get(code) ?? 'Something went wrong.', message };
}

/**
 * A probability with one decimal; the two ends are never claimed when they were not reached.
 * @param {number} score
 */
export function percent(score) {
  if (score > 0 && score < 0.0005) return '<0.1%';
  if (score < 1 && score >= 0.9995) return '>99.9%';
  return `${(score * 100).toFixed(1)}%`;
}

/**
 * Bytes done of bytes in all, in one unit: "12.3 of 26 MB".
 * @param {number} loaded
 * @param {number} [total]
 */
export function bytesOf(loaded, total) {
  const [unit, name] = (total ?? loaded) >= 1e9 ? [1e9, 'GB'] : [1e6, 'MB'];
  const done = (loaded / unit).toFixed(1);
  return total ? `${done} of ${bytes(total)}` : `${done} ${name}`;
}

/** @param {number} count */
export function bytes(count) {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`;
  return `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB`;
}

/**
 * A count of parameters, short: "12.5 M", "158 k".
 * @param {number} count
 */
export function short(count) {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)}${NBSP}G`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}${NBSP}M`;
  return count >= 1e4 ? `${Math.round(count / 1e3)}${NBSP}k` : whole(count);
}

/**
 * What computes: "relaxed SIMD, fp16".
 * @param {{variant: 'relaxed' | 'simd128', dtype: string}} model
 */
export function runsOn({ variant, dtype }) {
  return `${variant === 'relaxed' ? 'relaxed SIMD' : 'SIMD'}, ${dtype}`;
}

/** @param {number} count */
export function whole(count) {
  return count.toLocaleString('en-GB');
}

/** @param {number} ms */
export function milliseconds(ms) {
  return ms < 1 ? '<1 ms' : `${Math.round(ms)} ms`;
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * "a, b and c"; what goes beyond `most` is counted.
 * @param {string[]} items
 * @param {number} most
 */
export function list(items, most) {
  if (items.length <= most) return LIST.format(items);
  return LIST.format([...items.slice(0, most - 1), `${items.length - most + 1} more`]);
}
