import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLoadOptions } from '../../www/lib/options.js';
import { textClassification } from '../../www/lib/tasks/text-classification.js';

const checkClassifyOptions = (options) => textClassification('a', options).options;

const refusal = (check, options) => {
  try {
    check(options);
  } catch (error) {
    return error;
  }
  return assert.fail(`accepted ${JSON.stringify(options)}`);
};

test('an unknown option lists the known ones', () => {
  const error = refusal(checkLoadOptions, { quantized: true });
  assert.equal(error.code, 'option');
  assert.equal(error.details.option, 'quantized');
  assert.ok(error.details.supported.includes('dtype'));
  assert.match(error.message, /quantized.*progress_callback/);
  assert.equal(refusal(checkLoadOptions, { constructor: 1 }).details.option, 'constructor');
});

test('an unsupported value lists the supported ones', () => {
  const cases = [
    [checkLoadOptions, 'dtype', 'q4', /auto, fp32, fp16, q8/],
    [checkLoadOptions, 'max_memory', 0, /a positive number of bytes/],
    [checkLoadOptions, 'max_memory', '1 GB', /a positive number of bytes/],
    [checkLoadOptions, 'variant', 'simd256', /auto, relaxed, simd128/],
    [checkLoadOptions, 'device', 'webgpu', /auto, wasm, cpu/],
    [checkLoadOptions, 'worker', 'yes', /true, false, a Worker, a function/],
    [checkLoadOptions, 'signal', {}, /an AbortSignal/],
    [checkLoadOptions, 'config', [], /an object/],
    [checkLoadOptions, 'wasm', '//:', /a URL, a WebAssembly.Module, \{variant/],
    [checkLoadOptions, 'wasm', {}, /a URL/],
    [checkLoadOptions, 'wasm', { simd256: '/' }, /a URL/],
    [checkClassifyOptions, 'top_k', 0, /a positive integer, null/],
    [checkClassifyOptions, 'top_k', 1.5, /a positive integer, null/],
    [checkClassifyOptions, 'function_to_apply', 'relu', /softmax, sigmoid, none/],
    [checkClassifyOptions, 'truncation', 'only_first', /true, false/],
  ];
  for (const [check, option, value, supported] of cases) {
    const error = refusal(check, { [option]: value });
    assert.equal(error.code, 'option');
    assert.equal(error.details.option, option);
    assert.match(error.message, supported);
  }
});

test('a refused token is not repeated', () => {
  assert.doesNotMatch(refusal(checkLoadOptions, { token: ['hf_secret'] }).message, /hf_secret/);
});

test('null and undefined are not given, but for top_k: null', () => {
  assert.deepEqual(checkLoadOptions({ dtype: null, revision: undefined, device: 'cpu' }), { device: 'cpu' });
  assert.deepEqual(checkClassifyOptions({ top_k: null, truncation: undefined }), { top_k: null });
  assert.deepEqual(checkClassifyOptions({}), {});
  assert.equal(refusal(checkClassifyOptions, null).code, 'option');
});
