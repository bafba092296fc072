/** Memory comes back when models are disposed of, and where there is too little of it, the answer is an error. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { serve } from '../../tools/serve.mjs';
import { ROOT, launch, openPage } from './harness.mjs';
import { shared } from './shared.mjs';

const LOADS = 20;
const MIB = 1 << 20;

const server = shared(await serve({ root: ROOT }));
const browser = shared(await launch());

/** A blank page, and what tells the memory of each process of pages, in kB, once nothing is left to collect. */
async function measuredPage() {
  const { page, problems } = await openPage(browser);
  await page.goto(`${server.url}tests/e2e/blank.html`);
  const devtools = await page.context().newCDPSession(page);
  const processes = await browser.newBrowserCDPSession();
  /** @returns {Promise<Map<number, number>>} by process */
  const memory = async () => {
    for (let times = 0; times < 3; times += 1) {
      await devtools.send('HeapProfiler.collectGarbage');
      await new Promise((resolve) => { setTimeout(resolve, 200); }); // a process gives memory back late
    }
    const { processInfo } = await processes.send('SystemInfo.getProcessInfo');
    const pids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    return new Map(await Promise.all(pids.map(async (pid) => /** @type {const} */ ([pid, await privateMemory(pid)]))));
  };
  return { page, problems, memory };
}

/** @param {number} pid */
async function privateMemory(pid) {
  return Number(/^RssAnon:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

for (const worker of [true, false]) {
  const where = worker ? 'in workers' : 'in the page';
  const name = `loads and disposes ${where}, beside a model that stays, leave the memory of the first`;
  test(name, { skip: process.platform !== 'linux' && 'reads /proc' }, async () => {
    const { page, problems, memory } = await measuredPage();
    /** @param {boolean} stays */
    const load = (stays) => page.evaluate(async ({ worker, stays }) => {
      /** @type {typeof import('../../www/lib/index.js')} */
      const { pipeline } = await import(new URL('/www/lib/index.js', location.href).href);
      const [kept, model] = [/** @type {any} */ (globalThis), '/www/models/emotions/'];
      // The browser keeps what pages fetch for the debugger that drives this test, so the page fetches only once.
      kept.answers ??= new Map();
      /** @param {string} url */
      const fetchOnce = async (url) => {
        if (!kept.answers.has(url)) {
          const response = await fetch(url);
          kept.answers.set(url, { status: response.status, bytes: await response.arrayBuffer() });
        }
        const { status, bytes } = kept.answers.get(url);
        return new Response(bytes, { status });
      };
      const where = worker ? { worker } : { worker, fetch: fetchOnce };
      const classify = await pipeline('text-classification', model, /** @type {any} */ (where));
      await classify('Thank you so much for the quick help.');
      if (stays) kept.classify = classify;
      else await classify.dispose();
    }, { worker, stays });
    const blank = await memory();
    await load(true);
    await load(false);
    const loaded = await memory();
    /** @param {number} pid */
    const growth = (pid) => (loaded.get(pid) ?? 0) - (blank.get(pid) ?? Infinity);
    const [pid] = [...loaded.keys()].sort((one, other) => growth(other) - growth(one)); // the page's, of several
    for (let loads = 1; loads < LOADS; loads += 1) await load(false);
    const [first, last] = [loaded.get(pid) ?? NaN, (await memory()).get(pid) ?? NaN];
    assert.ok(last < 1.1 * first, `${first} kB after the first load, ${last} kB after ${LOADS}`);
    assert.deepEqual(problems, []);
    await page.context().close();
  });
}

test('where memory ends early, auto takes less, and what cannot fit is refused with both numbers', async () => {
  const { page, problems } = await openPage(browser);
  const module = await readFile(`${ROOT}www/lib/wasm/headwise_simd128.wasm`);
  let maximum = 0;
  await page.route('**/small.wasm', (route) => route.fulfill({
    contentType: 'application/wasm', body: withMaximum(module, maximum),
  }));
  /** @param {number} mib @param {string} dtype @returns {Promise<any>} what was loaded, or the error */
  const load = async (mib, dtype) => {
    maximum = mib;
    await page.goto(`${server.url}tests/e2e/blank.html`); // a new page has a new module
    return page.evaluate(async (dtype) => {
      /** @type {typeof import('../../www/lib/index.js')} */
      const { pipeline } = await import(new URL('/www/lib/index.js', location.href).href);
      const options = { variant: 'simd128', wasm: new URL('/small.wasm', location.href).href, dtype };
      return pipeline('text-classification', '/www/models/emotions/', /** @type {any} */ (options)).then(
        async (classify) => {
          const [{ label }] = await classify('Thank you so much for the quick help.');
          const { model: { dtype, dtype_reason, memory } } = classify;
          await classify.dispose();
          return { dtype, dtype_reason, memory, label };
        },
        ({ code, message, details }) => ({ code, message, details }),
      );
    }, dtype);
  };
  const enough = await load(256, 'auto');
  assert.deepEqual({ ...enough, memory: 0 }, { dtype: 'fp16', dtype_reason: 'file', memory: 0, label: 'gratitude' });

  const less = await load(24, 'auto');
  assert.deepEqual({ ...less, memory: 0 }, { dtype: 'q8', dtype_reason: 'memory', memory: 0, label: 'gratitude' });

  for (const [mib, dtype] of /** @type {const} */ ([[24, 'fp16'], [14, 'q8'], [14, 'auto']])) {
    const refused = await load(mib, dtype);
    const { needed, available } = refused.details;
    assert.equal(refused.code, 'out-of-memory', refused.message);
    assert.equal(needed, dtype === 'fp16' ? enough.memory : less.memory);
    assert.ok(available > 0 && available < needed && available < mib * MIB, refused.message);
  }
  assert.deepEqual(problems, []);
  await page.context().close();
});

/**
 * A module whose memory ends after some MiB.
 *
 * @param {Buffer} module
 * @param {number} mib
 */
function withMaximum(module, mib) {
  const MEMORY_SECTION = 5;
  let at = 8; // behind the magic number and the version
  /** Reads an unsigned LEB128. */
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at];
      at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  /** @param {number} value @returns {number[]} */
  const leb128 = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(value >>> 7)]);
  for (;;) {
    const start = at;
    const section = number();
    const end = number() + at;
    if (section !== MEMORY_SECTION) {
      at = end;
      continue;
    }
    assert.equal(number(), 1, 'a module with one memory');
    number(); // flags: whether there is a maximum
    const body = [1, 1, ...leb128(number()), ...leb128(mib * 16)];
    return Buffer.concat([
      module.subarray(0, start), Buffer.from([MEMORY_SECTION, ...leb128(body.length), ...body]), module.subarray(end),
    ]);
  }
}
