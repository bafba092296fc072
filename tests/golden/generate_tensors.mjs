/**
 * What the tensors and functions of transformers.js give, to `tensors.json`:
 *
 *   npm install --no-save --ignore-scripts @huggingface/transformers@4.3.2
 *   node tests/golden/generate_tensors.mjs
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Expressions of `x` [2, 3, 4], `m` [2, 8], `mask` [2, 3] of int64, arrays `a` and `b`, and the functions of the module. */
const EXPRESSIONS = [
  ...['mean', 'min', 'max', 'norm'].flatMap((name) => {
    const args = name === 'norm' ? '2, ' : '';
    return [`x.${name}(${args}null)`, ...[0, 1, 2, -1].map((dim) => `x.${name}(${args}${dim})`), `x.${name}(${args}1, true)`];
  }),
  'mean(x, 1)', 'std_mean(x, 1)', 'std_mean(x)', 'std_mean(x, 0, 0, true)', 'x.argmax()', 'x.argmin()', 'mask.sum()', 'mask.sum(1)',
  'x.normalize(2, 0)', 'x.normalize(2, 1)', 'x.normalize(2, -1)', 'm.normalize()', 'm.normalize_(2, -1)', 'x.mul_(2)', 'm.squeeze_()',
  'x[1]', 'x[-1]', 'x[1][2]', 'x[1][2][3]', 'm[0][1].item()', '[...x]', '[...x[0]][2]', 'x.size', 'x.stride()',
  'x.slice(null, 0)', 'x.slice(null, -1)', 'x.slice(1)', 'x.slice([0, 1], null, 2)', 'x.slice(null, [1, 3], [0, -1])', 'm.slice(null, [0, 4])',
  'x.permute(2, 0, 1)', 'permute(x, [1, 0, 2])', 'm.transpose(1, 0)', 'x.transpose(0, 2, 1)',
  'x.unsqueeze(0)', 'x.unsqueeze(-1)', 'x.unsqueeze(1).squeeze(1)', 'x.unsqueeze(0).squeeze()', 'x.squeeze(1)',
  'x.view(6, -1)', 'x.flatten()', 'x.flatten(1)', 'x.flatten(0, 1)', 'x.clone()', 'x.to("int64")', 'mask.to("float32")', 'mask.to("uint8")',
  'x.sigmoid()', 'x.mul(2).add(1).sub(3).div(4)', 'x.neg()', 'x.round()', 'x.clamp(-1, 1)', 'x.gt(0)', 'x.lt(0)', 'x.map((one) => one * one)',
  'cat([x, x])', 'cat([x, x], 1)', 'cat([x, x], -1)', 'stack([x, x])', 'stack([m, m], 1)', 'mean_pooling(x, mask)', 'layer_norm(m, [8])',
  'quantize_embeddings(m, "binary")', 'quantize_embeddings(m, "ubinary")', 'ones([2, 2])', 'zeros([2])', 'full([2], 1.5)', 'full([2], true)',
  'ones_like(m)', 'zeros_like(m)', 'full_like(m, 3)', 'softmax(a)', 'softmax(m.data)', 'log_softmax(a)', 'dot(a, b)', 'cos_sim(a, b)',
  'new Tensor("int64", [1n, 2n], [1, 2])', 'new Tensor("float32", [1, 2])', 'new Tensor("bool", [true, false], [2])',
];

/** The values that the expressions name. @param {any} Tensor */
export function named(Tensor) {
  const numbers = Float32Array.from({ length: 24 }, (_, place) => Math.sin(place * 1.7) * 3);
  return {
    x: new Tensor('float32', numbers.slice(), [2, 3, 4]),
    m: new Tensor('float32', numbers.slice(0, 16), [2, 8]),
    mask: new Tensor('int64', BigInt64Array.of(1n, 1n, 0n, 1n, 0n, 0n), [2, 3]),
    a: [1, 2, 3.5],
    b: [2, -1, 0.5],
  };
}

/** A result as JSON: tensors with what they are, numbers to six digits. @param {any} value @returns {any} */
export function plain(value) {
  if (value?.dims) return { type: value.type, dims: [...value.dims], numbers: plain([...value.data]) };
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return Array.from(/** @type {any} */ (value), plain);
  return typeof value === 'number' ? Number(value.toPrecision(6)) : typeof value === 'bigint' ? `${value}n` : value;
}

/** @param {string} expression @param {any} module */
export function evaluate(expression, module) {
  const scope = { ...module, ...named(module.Tensor) };
  return plain(new Function(...Object.keys(scope), `return ${expression};`)(...Object.values(scope)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const upstream = await import('@huggingface/transformers');
  const results = EXPRESSIONS.map((expression) => JSON.stringify([expression, evaluate(expression, upstream)]));
  await writeFile(new URL('tensors.json', import.meta.url), `[\n${results.join(',\n')}\n]\n`);
}
