/** What has been downloaded once: the next start, tabs that start at once, no network, damage, new commits. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeEach, test } from 'node:test';
import { api, caught, models, openApp, outcome, outcomeIn, pipeline, prepare, startApp } from './app.mjs';
import { COMMIT, CONVERSION, startFakeHub } from './fake_hub.mjs';
import { launch, ROOT } from './harness.mjs';
import { GOOD, REPOSITORIES } from './repositories.mjs';
import { shared } from './shared.mjs';

const repositories = { ...REPOSITORIES };
const hub = shared(await startFakeHub(repositories));
const app = shared(await startApp());
const browser = shared(await launch(hub.browserFlags));

beforeEach(() => {
  hub.down = false;
  hub.log.length = 0;
});

/** What was asked for, without manifests. */
const fetched = () => hub.log.map(({ path }) => path).filter((path) => path.includes('/resolve/'));

/** What is loaded tells of itself. @param {import('playwright-core').Page} page @param {string} model @param {object} [options] */
const originIn = (page, model, options = {}) => page.evaluate(async ({ model, options }) => {
  const { model: { commit, revision, cached }, dispose } = await pipeline('text-classification', model, options);
  await dispose();
  return { commit, revision, cached };
}, { model, options });

test('the second start asks for the manifest alone, and without a network for nothing', async () => {
  const { page } = await openApp(browser, app);
  for (const model of [GOOD, 'tiny/sharded', 'tiny/tiny-roberta']) {
    const first = await outcomeIn(page, model);
    assert.ok(fetched().length >= 3);
    hub.log.length = 0;
    await prepare(page, app.url);
    assert.deepEqual(await outcomeIn(page, model), first);
    assert.deepEqual(hub.log.map(({ path }) => path), [`/api/models/${model}/revision/main?blobs=true`]);
    hub.log.length = 0;
    assert.deepEqual(await outcomeIn(page, model, { local_files_only: true }), first);
    assert.deepEqual(await outcomeIn(page, model, { local_files_only: true, allow_remote: false }), first);
    assert.deepEqual(hub.log, []);
    hub.down = true;
    assert.deepEqual(await outcomeIn(page, model), first);
    hub.down = false;
  }
  assert.deepEqual(await originIn(page, GOOD), { commit: COMMIT, revision: undefined, cached: true });
});

test('a worker that is lost is replaced by the commit that was there, from what is stored', async () => {
  const { page } = await openApp(browser, app);
  await page.evaluate(async (model) => {
    let made = /** @type {Worker | undefined} */ (undefined);
    const worker = () => made = new Worker('/www/lib/worker.js', { type: 'module' });
    const classify = await pipeline('text-classification', model, { worker });
    const before = await classify('What a wonderful morning!');
    Object.assign(globalThis, { next: async () => {
      made?.terminate();
      const lost = await caught(() => classify('What a wonderful morning!'));
      return { code: lost?.code, before, after: await classify('What a wonderful morning!') };
    } });
  }, GOOD);
  for (const down of [false, true]) {
    hub.down = down;
    hub.log.length = 0;
    const { code, before, after } = await page.evaluate(() => /** @type {any} */ (globalThis).next());
    assert.equal(code, 'worker-lost');
    assert.deepEqual(after, before);
    assert.deepEqual(fetched(), []);
  }
});

test('what is not stored is said to be so', async () => {
  const { page } = await openApp(browser, app);
  assert.equal(await outcomeIn(page, GOOD, { local_files_only: true }), 'not-found');
  hub.down = true;
  assert.equal(await outcomeIn(page, GOOD), 'network');
  hub.down = false;
  await outcomeIn(page, GOOD);
  assert.equal(await outcomeIn(page, GOOD, { local_files_only: true, revision: 'dev' }), 'not-found');
  await page.evaluate(() => models.clear());
  assert.equal(await outcomeIn(page, GOOD, { local_files_only: true }), 'not-found');
});

test('two tabs that start at once download once', async () => {
  const { page } = await openApp(browser, app);
  const second = await page.context().newPage();
  await prepare(second, app.url);
  const [one, other] = await Promise.all([page, second].map((tab) => outcomeIn(tab, 'tiny/large')));
  assert.equal(one[0].label, 'positive');
  assert.deepEqual(other, one);
  const files = fetched();
  assert.deepEqual([...new Set(files)].sort(), files.sort());
});

test('a load that was aborted goes on where it ended, in the next visit too', async () => {
  const { page } = await openApp(browser, app);
  const name = await page.evaluate(async () => {
    const controller = new AbortController();
    const loading = pipeline('text-classification', 'tiny/large-stalled', { signal: controller.signal })
      .catch((/** @type {any} */ error) => error.name);
    while (!(await models.list()).some((/** @type {any} */ { bytes }) => bytes > 4e6)) {
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
    controller.abort();
    return loading;
  });
  assert.equal(name, 'AbortError');
  await prepare(page, app.url);
  const good = await outcomeIn(page, GOOD);
  assert.deepEqual(await outcomeIn(page, 'tiny/large-stalled'), good);
  const ranges = hub.log.filter(({ host, path }) => host !== 'huggingface.co' && path.startsWith('/tiny/large-stalled/')).map(({ range }) => range);
  assert.equal(ranges.length, 2);
  assert.equal(ranges[1], 'bytes=4194304-');
});

test('a stored file that was damaged is fetched once more, and none but it', async () => {
  const { page } = await openApp(browser, app);
  const good = await outcomeIn(page, GOOD);
  for (const file of ['config.json', 'model.safetensors']) {
    await page.evaluate(async (name) => {
      const cache = await caches.open('headwise-1');
      const request = (await cache.keys()).find(({ url }) => url.includes(`/${name}?headwise=0`));
      if (!request) throw new Error('it is not there');
      const response = /** @type {Response} */ (await cache.match(request));
      const { headers } = response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[bytes.length - 2] ^= 1;
      await cache.put(request, new Response(bytes, { headers }));
    }, file);
    hub.log.length = 0;
    assert.deepEqual(await outcomeIn(page, GOOD), good, file);
    assert.deepEqual(fetched(), [`/${GOOD}/resolve/${COMMIT}/${file}`]);
    hub.log.length = 0;
    assert.deepEqual(await outcomeIn(page, GOOD), good, file);
    assert.deepEqual(fetched(), []);
  }
});

test('a new commit replaces the old one', async () => {
  const { page } = await openApp(browser, app);
  await outcomeIn(page, GOOD);
  const next = 'a'.repeat(40);
  repositories[GOOD] = { ...repositories[GOOD], commit: next };
  assert.deepEqual(await originIn(page, GOOD), { commit: next, revision: undefined, cached: true });
  assert.deepEqual(await page.evaluate(async () => (await models.list()).map(({ id, commit, revisions }) => [id, commit, revisions])),
    [[GOOD, next, ['main']]]);
  repositories[GOOD] = REPOSITORIES[GOOD];
});

test('a model in q8 or fp16 is stored as it is held, and starts from that', async () => {
  const { page } = await openApp(browser, app);
  const stored = () => page.evaluate(async () => Object.fromEntries((await models.list()).at(-1).files.map(({ file, size }) => [file, size])));
  for (const dtype of ['q8', 'fp16']) {
    for (const model of [GOOD, 'tiny/sharded', 'tiny/tiny-deberta']) {
      await page.evaluate(() => models.clear());
      const first = await outcomeIn(page, model, { dtype });
      const files = await stored();
      const weights = Object.keys(files).filter((file) => file.endsWith('.safetensors'));
      assert.deepEqual(weights, [`model.${dtype}.safetensors`], 'and the source is gone');
      hub.log.length = 0;
      assert.deepEqual(await outcomeIn(page, model, { dtype }), first, 'to the bit');
      assert.deepEqual(await outcomeIn(page, model, { dtype, local_files_only: true }), first);
      assert.deepEqual(fetched(), []);
      assert.deepEqual(await page.evaluate(async ({ model, dtype }) => {
        const classify = await pipeline('text-classification', model, { dtype, local_files_only: true });
        return outcome(await classify.files(), { dtype: 'auto' });
      }, { model, dtype }), first, 'as files');
      assert.deepEqual(fetched(), []);
    }
  }
  await page.evaluate(() => models.clear());
  await outcomeIn(page, GOOD, { dtype: 'q8' });
  assert.equal(await outcomeIn(page, GOOD, { dtype: 'fp32', local_files_only: true }), 'not-found', 'the source is not stored');
  await outcomeIn(page, GOOD, { dtype: 'q8', keep: 'source' });
  await outcomeIn(page, GOOD, { dtype: 'q8' });
  const both = await stored();
  assert.ok(both['model.safetensors'] > both['model.q8.safetensors'], 'what was there before stays');
  await page.evaluate(async () => {
    const cache = await caches.open('headwise-1');
    const request = (await cache.keys()).find(({ url }) => url.endsWith('model.q8.safetensors?headwise=0'));
    await cache.put(/** @type {Request} */ (request), new Response(new Uint8Array(10)));
  });
  hub.log.length = 0;
  assert.equal((await outcomeIn(page, GOOD, { dtype: 'q8' }))[0].label, 'positive');
  assert.deepEqual(fetched(), [], 'a damaged conversion is made again of the source');
});

test('a tokenizer and a model by themselves share what is stored, and a part of a new commit displaces nothing', async () => {
  const { page } = await openApp(browser, app);
  const load = (/** @type {string} */ name, options = {}) => page.evaluate(async ({ name, model, options }) => {
    const loaded = await api[name].from_pretrained(model, options);
    await loaded.dispose?.();
    return 'loaded';
  }, { name, model: GOOD, options });
  const files = () => fetched().map((path) => path.split('/').at(-1)).sort();
  assert.equal(await load('AutoTokenizer'), 'loaded');
  assert.deepEqual(files(), ['config.json', 'tokenizer.json', 'tokenizer_config.json']);
  assert.equal(await load('AutoModelForSequenceClassification'), 'loaded');
  assert.deepEqual(files(), ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
  hub.log.length = 0;
  const scores = await outcomeIn(page, GOOD);
  assert.deepEqual(fetched(), [], 'both are what a pipeline needs');

  repositories[GOOD] = { ...repositories[GOOD], commit: 'b'.repeat(40) };
  assert.equal(await load('AutoTokenizer'), 'loaded');
  assert.equal(await load('AutoConfig'), 'loaded');
  repositories[GOOD] = REPOSITORIES[GOOD];
  assert.deepEqual(await outcomeIn(page, GOOD, { local_files_only: true }), scores);
  assert.equal(await load('AutoTokenizer', { local_files_only: true }), 'loaded');
});

test('without room the model is used and not kept', async () => {
  const { page } = await openApp(browser, app);
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(app.url).origin, quotaSize: 200_000 });
  const { cached } = await originIn(page, 'tiny/large');
  assert.equal(cached, false);
  assert.equal((await outcomeIn(page, 'tiny/large'))[0].label, 'positive');
});

test('a model with a pickle only is loaded from the pull request of the Hub’s own account', async () => {
  const { page } = await openApp(browser, app);
  const good = await outcomeIn(page, GOOD);
  /** @type {string[]} */
  const warnings = [];
  page.on('console', (message) => { if (message.type() === 'warning') warnings.push(message.text()); });
  assert.deepEqual(await outcomeIn(page, 'tiny/pickled'), good);
  assert.match(warnings.join('\n'), /refs\/pr\/7/);
  const origin = { commit: CONVERSION.commit, revision: CONVERSION.revision, cached: true };
  assert.deepEqual(await originIn(page, 'tiny/pickled'), origin);
  assert.deepEqual(await originIn(page, 'tiny/pickled', { local_files_only: true }), origin);
  for (const model of ['pickled/by-others', 'pickled/closed', 'pickled/outdated']) {
    const { code, message } = await page.evaluate(
      (model) => caught(() => pipeline('text-classification', model)), model,
    );
    assert.equal(code, 'not-found', model);
    assert.match(message, /pytorch_model\.bin.*save_pretrained/s);
  }
});

test('a model as files: those of a loaded model, and those that a person chose', async () => {
  const { page } = await openApp(browser, app);
  await page.setContent('<input type="file" webkitdirectory>');
  for (const model of [GOOD, 'tiny/sharded', './tests/golden/hub/tiny-roberta']) {
    const { scores, again, names, origin } = await page.evaluate(async (model) => {
      const classify = await pipeline('text-classification', model);
      const files = await classify.files();
      const local = await pipeline('text-classification', files);
      const text = 'What a wonderful morning!';
      return {
        scores: await classify(text, { top_k: null }), again: await local(text, { top_k: null }),
        names: files.map(({ name }) => name).sort(), origin: [local.model.url, local.model.cached, (await local.files()).length === files.length],
      };
    }, model);
    assert.deepEqual(again, scores);
    assert.deepEqual(origin, [undefined, false, true]);
    assert.ok(names.includes('config.json') && names.includes('tokenizer.json'), names.join());
  }
  await page.setInputFiles('input', 'tests/golden/hub/tiny-bert');
  hub.down = true;
  const chosen = await page.evaluate(async () => {
    const { files } = /** @type {HTMLInputElement} */ (document.querySelector('input'));
    const { model } = await pipeline('text-classification', files);
    return { id: model.id, scores: await outcome(files) };
  });
  assert.equal(chosen.id, 'tiny-bert');
  assert.deepEqual(chosen.scores, await outcomeIn(page, './tests/golden/hub/tiny-bert'));
  const missing = await page.evaluate(
    () => caught(() => pipeline('text-classification', [new File(['{}'], 'readme.md')])),
  );
  assert.equal(missing.code, 'not-found');
  assert.match(missing.message, /config\.json.*readme\.md/);
  assert.equal(await page.evaluate(() => outcome(['config.json'])), 'model');
});

test('a lock names commit and hashes, and a load by it takes nothing else', async () => {
  const { page } = await openApp(browser, app);
  for (const model of [GOOD, 'tiny/sharded', './tests/golden/hub/tiny-roberta']) {
    const { commit, integrity } = await page.evaluate((model) => models.lock(model), model);
    assert.equal(commit, model.startsWith('.') ? undefined : COMMIT);
    const scores = await outcomeIn(page, model, { revision: commit, integrity });
    assert.equal(scores[0]?.label !== undefined, true, JSON.stringify(scores));
    const [file] = Object.keys(integrity).filter((name) => name.endsWith('.safetensors'));
    const other = { ...integrity, [file]: `sha256-${'A'.repeat(43)}=` };
    assert.equal(await outcomeIn(page, model, { revision: commit, integrity: other }), 'integrity');
    const { [file]: _, ...less } = integrity;
    assert.equal(await outcomeIn(page, model, { revision: commit, integrity: less }), 'integrity');
  }
  const { integrity } = await page.evaluate((model) => models.lock(model), GOOD);
  for (const [file, hash] of Object.entries(integrity)) {
    const bytes = await readFile(`${ROOT}tests/golden/hub/tiny-bert/${file}`);
    assert.equal(hash, `sha256-${createHash('sha256').update(bytes).digest('base64')}`);
  }
});
