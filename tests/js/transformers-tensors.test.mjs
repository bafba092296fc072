/** Tensors of `headwise/transformers` give what those of transformers.js give, and refuse what has no answer. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import * as maths from '../../www/lib/transformers/maths.js';
import * as operations from '../../www/lib/transformers/operations.js';
import { Tensor } from '../../www/lib/transformers/tensor.js';
import { evaluate, named } from '../golden/generate_tensors.mjs';

const module = { ...maths, ...operations, Tensor };
const golden = JSON.parse(await readFile(new URL('../golden/tensors.json', import.meta.url), 'utf8'));

/** The same, with numbers within a few units of the sixth digit. */
function assertClose(actual, expected, where) {
  if (typeof expected === 'number') return assert.ok(Math.abs(actual - expected) <= 2e-5 * Math.max(1, Math.abs(expected)), `${where}: ${actual} is not ${expected}`);
  if (typeof expected !== 'object') return assert.equal(actual, expected, where);
  assert.deepEqual(Object.keys(actual), Object.keys(expected), where);
  for (const key of Object.keys(expected)) assertClose(actual[key], expected[key], `${where}.${key}`);
}

test('expressions give what transformers.js gives', () => {
  assert.ok(golden.length > 90);
  for (const [expression, expected] of golden) assertClose(evaluate(expression, module), expected, expression);
});

test('products of matrices, and the largest numbers', async () => {
  const { m, x } = named(Tensor);
  const product = await operations.matmul(m, m.transpose(1, 0));
  const [first, second] = m.tolist();
  assertClose(product.tolist(), [[maths.dot(first, first), maths.dot(first, second)], [maths.dot(first, second), maths.dot(second, second)]], 'product');
  assert.deepEqual((await operations.matmul(x, x.transpose(0, 2, 1))).dims, [2, 3, 3]);
  const [numbers, places] = await operations.topk(new Tensor('float32', [1, 3, 2, 9, 7, 8], [2, 3]), 2);
  assert.deepEqual([numbers.tolist(), places.tolist()], [[[3, 2], [9, 8]], [[1n, 2n], [0n, 2n]]]);
  assertClose(m.softmax().sum(1).tolist(), [1, 1], 'shares');
});

test('parts share numbers, and changes in place reach them', () => {
  const tensor = new Tensor('float32', [1, 2, 3, 4], [2, 2]);
  tensor[1].mul_(10);
  assert.deepEqual(tensor.tolist(), [[1, 2], [30, 40]]);
  assert.equal(tensor.unsqueeze_(0), tensor);
  assert.deepEqual(tensor.dims, [1, 2, 2]);
  assert.deepEqual(tensor.clone().sub_(1).tolist(), [[[0, 1], [29, 39]]]);
  assert.deepEqual(tensor.tolist(), [[[1, 2], [30, 40]]]);
});

test('what has no answer is refused', async () => {
  const { m, x } = named(Tensor);
  const wrong = [() => x[2], () => x.mean(3), () => x.permute(0, 1), () => m.item(), () => x.slice(5), () => operations.cat([x, m]),
    () => operations.layer_norm(m, [4]), () => operations.quantize_embeddings(x, 'binary'), () => new Tensor('float32', [1], [2]),
    () => new Tensor('complex', [1])];
  for (const call of wrong) assert.throws(call, { code: 'input' }, `${call}`);
  await assert.rejects(operations.matmul(m, m), { code: 'input' });
});
