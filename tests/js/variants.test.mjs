import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwiseError } from '../../www/lib/errors.js';
import { withModules } from '../../www/lib/runtime/modules.js';
import { VARIANTS, pickVariant } from '../../www/lib/runtime/variants.js';
import { failure } from './support.mjs';

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

test('copies stand in for modules that are not there; without them either, the error says what is missing', async () => {
  const gone = () => { throw new TypeError('no address'); };
  const use = async (modules) => modules;
  assert.equal(await withModules({ modules: gone, copies: async () => 'copies' }, use), 'copies');
  const copies = async () => { throw new TypeError('no chunk'); };
  for (const host of [{ modules: gone }, { modules: gone, copies }]) assert.equal((await failure(withModules(host, use))).code, 'module');
});
