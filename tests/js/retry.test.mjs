import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadwiseError } from '../../www/lib/errors.js';
import { Patience, waitAfter } from '../../www/lib/fetch/retry.js';
import { failure } from './support.mjs';

const error = (code, details) => new HeadwiseError(code, code, details);

test('what may pass is tried again, after a wait that grows and is partly random', () => {
  const passing = [error('network'), error('rate-limited', { status: 429 }),
    ...[408, 500, 502, 503, 504, 520].map((status) => error('http', { status }))];
  const lasting = [error('not-found'), error('access'), error('content'), error('integrity'), new DOMException('ended', 'AbortError'),
    error('option'), new Error('network'), ...[400, 405, 410, 416, 501, 505].map((status) => error('http', { status }))];
  for (const each of passing) {
    assert.deepEqual([1, 2, 3].map((failures) => waitAfter(each, failures, 1)), [500, 1000, 2000]);
    assert.deepEqual([1, 2, 3].map((failures) => waitAfter(each, failures, 0)), [250, 500, 1000]);
  }
  for (const each of lasting) assert.equal(waitAfter(each, 1), undefined, `${each.code} ${each.details?.status}`);
});

test('Retry-After is obeyed, in seconds and as a date, unless it asks for too long', () => {
  const after = (retry_after, failures = 1) => waitAfter(error('rate-limited', { retry_after }), failures, 1);
  assert.equal(after('7'), 7000);
  assert.equal(after('60'), 60_000);
  assert.equal(after('61'), undefined);
  assert.equal(after('0'), 500, 'never sooner than without it');
  assert.equal(after('soon'), 500);
  assert.equal(after('-5', 2), 1000);
  const wait = after(new Date(Date.now() + 20_000).toUTCString());
  assert.ok(wait > 18_000 && wait <= 20_000, `${wait}`);
  assert.equal(after(new Date(Date.now() + 3_600_000).toUTCString()), undefined);
  assert.equal(after(new Date(0).toUTCString()), 500);
});

test('patience ends, and is renewed', async () => {
  const waits = [];
  const patience = new Patience(new AbortController().signal, async (milliseconds) => { waits.push(milliseconds); });
  const lost = error('network');
  for (let time = 0; time < 3; time += 1) await patience.after(lost);
  assert.equal(await failure(patience.after(lost)), lost);
  patience.renew();
  await patience.after(lost);
  assert.equal(waits.length, 4);
  assert.ok(waits[3] <= 500);
});

test('a wait ends with the signal', async () => {
  const controller = new AbortController();
  const waiting = failure(new Patience(controller.signal).after(error('rate-limited', { retry_after: '50' })));
  controller.abort('enough');
  assert.equal(await waiting, 'enough');
  assert.equal(await failure(new Patience(controller.signal).after(error('network'))), 'enough');
});
