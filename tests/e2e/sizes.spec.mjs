/** What ships is no larger than was agreed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, pageSizes } from '../../tools/sizes.mjs';

const sizes = new Map((await pageSizes()).map(({ file, brotli }) => [file, brotli]));

for (const [file, limit] of Object.entries(LIMITS)) test(`${file}: at most ${limit / 1000} kB of brotli`, () => {
  const brotli = sizes.get(file) ?? NaN;
  assert.ok(brotli <= limit, `${file} has ${brotli} bytes; ./build.sh bench sizes shows what they are made of`);
});
