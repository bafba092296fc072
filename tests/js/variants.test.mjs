import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwiseError } from '../../www/lib/errors.js';
import { VARIANTS, pickVariant } from '../../www/lib/runtime/variants.js';

const everything = () => true;
const onlySimd = (module) => module === VARIANTS.simd128.probe;
const noSimd = () => false;

test('the best variant that runs, or the one that is wanted', () => {
  assert.equal(pickVariant('auto', everything), 'relaxed');
  assert.equal(pickVariant('auto', onlySimd), 'simd128');
  assert.equal(pickVariant('simd128', everything), 'simd128');
  assert.equal(pickVariant('relaxed', everything), 'relaxed');
});

test('what an environment lacks is named', () => {
  const cases = [
    ['relaxed', onlySimd, 'relaxed SIMD in WebAssembly', ['simd128']],
    ['auto', noSimd, 'SIMD in WebAssembly', []],
    ['simd128', noSimd, 'SIMD in WebAssembly', []],
    ['auto', null, 'WebAssembly', []],
  ];
  for (const [wanted, validate, missing, supported] of cases) {
    assert.throws(() => pickVariant(wanted, validate), (error) => {
      assert.ok(error instanceof HeadwiseError);
      assert.deepEqual([error.code, error.details], ['unsupported-environment', { missing, supported }]);
      return error.message.includes(`no ${missing}`);
    });
  }
});

test('the SIMD probe is a module that this environment runs', () => {
  assert.equal(pickVariant('simd128'), 'simd128');
});
