/** The demo page as a visitor meets it: under its strict policy, in Chromium, with a Hub that has good and bad days. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CONTENT_SECURITY_POLICY, serve } from '../../tools/serve.mjs';
import { MIRROR, startFakeHub } from './fake_hub.mjs';
import { eventually, largestDifference, launch, openPage, readJson, screenshot, unexpected } from './harness.mjs';
import { CLASSIFIERS, REPOSITORIES } from './repositories.mjs';
import { shared, sharedPage } from './shared.mjs';

/** @typedef {import('playwright-core').Page} Page */

const hub = shared(await startFakeHub(REPOSITORIES));
const root = await sharedPage();
const server = shared(await serve({ root }));
const browser = shared(await launch(hub.browserFlags));

/**
 * The demo page, able to classify.
 *
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
async function openDemo(options) {
  const opened = await openPage(browser, options);
  await opened.page.goto(server.url);
  await ready(opened.page);
  return opened;
}

/** @param {Page} page */
const ready = (page) => page.locator('html[data-ready="true"]').waitFor({ state: 'attached' });

/**
 * Types a text and gives what the page then shows, best label first.
 *
 * @param {Page} page
 * @param {string} text
 * @returns {Promise<{label: string, percent: number}[]>}
 */
async function classify(page, text) {
  await forgetResults(page);
  await page.fill('#text', text);
  return shownResults(page);
}

/**
 * Empties what comes with every result, so that `shownResults` waits for the next one.
 *
 * @param {Page} page
 */
const forgetResults = (page) => page.locator('#timing').evaluate((timing) => timing.replaceChildren());

/** @param {Page} page */
async function shownResults(page) {
  await page.locator('#timing', { hasText: 'ms' }).waitFor();
  return page.locator('#results [data-label]').evaluateAll((items) => items.map((item) => ({
    label: item.getAttribute('data-label') ?? '',
    percent: Number(/([\d.]+)\s*%/.exec(item.textContent ?? '')?.[1]),
  })));
}

/**
 * Asks the page to load a model, by its form.
 *
 * @param {Page} page
 * @param {string} id
 */
async function load(page, id) {
  await page.fill('#model-id', id);
  await page.click('#load');
}

/**
 * Waits until the page has the model.
 *
 * @param {Page} page
 * @param {string} id
 */
const loaded = (page, id) => page.locator('#model-name', { hasText: id }).waitFor();

/**
 * All scores from the package inside the page.
 *
 * @param {Page} page
 * @param {string} model
 * @param {(string | {text: string, text_pair?: string})[]} inputs
 * @param {object} [options]
 * @returns {Promise<{labels: string[], scores: {label: string, score: number}[][]}>}
 */
const scoresInPage = (page, model, inputs, options = {}) => page.evaluate(async ({ model, inputs, options }) => {
  const { pipeline } = await import(new URL('lib/index.js', location.href).href);
  const classifier = await pipeline('text-classification', model);
  const scores = await classifier(inputs, { ...options, top_k: null });
  const { labels } = classifier.model;
  await classifier.dispose();
  return { labels, scores };
}, { model, inputs, options });

test('the page starts under the strict policy without one complaint and asks nobody but its own origin', async () => {
  const { page, problems } = await openPage(browser);
  /** @type {string[]} */
  const foreign = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  await page.goto(server.url);
  await ready(page);
  assert.equal(await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content'), CONTENT_SECURITY_POLICY);
  await page.locator('#examples button').first().click();
  assert.ok((await shownResults(page)).length > 0);
  assert.match(await page.locator('#timing').innerText(), /^\d+ tokens\W+[\d.]+ ms/);
  assert.match(await page.locator('#tensors').innerText(), /encoder.*head/is);
  assert.match(await page.locator('#facts').textContent() ?? '', /Runs on\s*relaxed SIMD, q8/);
  await page.locator('#licence', { hasText: /apache/i }).waitFor();
  assert.deepEqual([...problems, ...foreign], []);
});

test('the shipped model gives Python’s logits, and the page shows what its int8 copy gives', async () => {
  const { page, problems } = await openDemo();
  const { cases } = await readJson('tests/golden/emotions.json');
  const texts = cases.map((/** @type {any} */ { text }) => text);
  const { labels, scores } = await scoresInPage(page, './models/emotions', texts, { function_to_apply: 'none' });
  cases.forEach((/** @type {any} */ { text, logits }, /** @type {number} */ index) => {
    // The file is F16 and both sides compute in f32: 1e-3 is what the order of additions may cost.
    const difference = largestDifference(scores[index], labels.map((label, at) => ({ label, score: logits[at] })));
    assert.ok(difference <= 1e-3, `${JSON.stringify(text.slice(0, 40))}: ${difference}`);
  });
  for (const { text, logits } of cases.filter((/** @type {any} */ { text }) => text.trim() !== '').slice(0, 3)) {
    const [top] = await classify(page, text);
    const { scores: [[best]] } = await scoresInPage(page, './models/emotions-q8', [text]);
    assert.deepEqual([top.label, best.label], Array(2).fill(labels[logits.indexOf(Math.max(...logits))]));
    assert.ok(Math.abs(top.percent - 100 * best.score) <= 0.6, `${text}: ${top.percent} %`);
  }
  assert.deepEqual(problems, []);
});

test('the threshold decides which labels count as yes', async () => {
  const { page } = await openDemo();
  await classify(page, 'Thank you so much, I love it!');
  const { scores: [scores] } = await scoresInPage(page, './models/emotions-q8', ['Thank you so much, I love it!']);
  for (const threshold of [0, 0.01, 0.3, 1]) {
    await page.locator('#threshold').fill(String(threshold));
    const yes = (await shownResults(page)).map(({ label }) => label);
    assert.deepEqual(yes, scores.filter(({ score }) => score >= threshold).map(({ label }) => label), `at ${threshold}`);
  }
});

test('a text that is too long shows where it is cut', async () => {
  const { page } = await openDemo();
  await classify(page, 'short');
  assert.equal(await page.locator('#truncation').isVisible(), false);
  await classify(page, 'a rather long story 😀 '.repeat(200));
  assert.equal(await page.locator('#truncation').isVisible(), true);
});

test('models of the Hub, by their id, through the real redirect to the CDN', async (t) => {
  const { page, problems } = await openDemo();
  for (const name of CLASSIFIERS) {
    await t.test(name, async () => {
      const { cases } = await readJson(`tests/golden/hub/${name}/expected.json`);
      const inputs = cases.map((/** @type {any} */ { text, text_pair }) => ({ text, text_pair }));
      const { labels, scores } = await scoresInPage(page, `tiny/${name}`, inputs);
      cases.forEach((/** @type {any} */ { results }, /** @type {number} */ index) => {
        const difference = largestDifference(scores[index], results);
        assert.ok(difference <= 1e-4, `${JSON.stringify(inputs[index])}: ${difference}`);
      });
      await load(page, `tiny/${name}`);
      await loaded(page, `tiny/${name}`);
      const shown = await classify(page, 'a film by a friend');
      assert.ok(shown.every(({ label }) => labels.includes(label)), JSON.stringify(shown));
      assert.equal(await page.locator('#results em, #verdict em').count(), 0, 'labels are text, never markup');
      assert.equal(await page.locator('#error').isVisible(), false);
    });
  }
  assert.deepEqual(unexpected(problems), []);
});

test('a mirror of the Hub is refused by the policy unless it was admitted', async () => {
  const endpoint = `https://${MIRROR}`;
  const admitting = await serve({ root, connect: [endpoint] });
  const { page } = await openPage(browser);
  try {
    for (const url of [server.url, admitting.url]) {
      await page.goto(`${url}?endpoint=${endpoint}`);
      await ready(page);
      await load(page, 'tiny/tiny-bert');
      if (url === admitting.url) await loaded(page, 'tiny/tiny-bert');
      else assert.match(await page.locator('#error:visible').innerText(), /add https:\/\/mirror\.test to its connect-src/);
    }
  } finally {
    await admitting.close();
  }
  assert.ok(hub.log.some(({ host, path }) => host === MIRROR && path.startsWith('/tiny/tiny-bert/resolve/main/')));
});

test('cancelling a slow load ends the download and leaves the former model at work', async () => {
  const { page } = await openDemo();
  const name = await page.locator('#model-name').innerText();
  await load(page, 'tiny/stalled');
  await page.waitForFunction(() => {
    const bar = /** @type {HTMLProgressElement} */ (document.querySelector('#progress'));
    return bar.checkVisibility() && bar.value > 0 && bar.value < bar.max;
  });
  const during = await classify(page, 'I am so sorry for your loss');
  assert.equal(during[0].label, 'sadness', 'the former model answers while the next one loads');
  await page.click('#cancel');
  await page.locator('#progress').waitFor({ state: 'hidden' });
  assert.equal(await page.locator('#error').isVisible(), false, 'what the visitor asked for is no error');
  assert.equal(await page.locator('#model-name').innerText(), name);
  assert.equal((await classify(page, 'This makes me furious!'))[0].label, 'anger');
  await eventually('the download ends', () => hub.log.some(({ path, broken }) => broken && path.startsWith('/tiny/stalled/model.safetensors')));
});

test('a model that was loaded is stored, loads without a network, and can be deleted', async () => {
  const { page } = await openDemo();
  assert.equal(await page.locator('#stored').isVisible(), false);
  await load(page, 'tiny/tiny-bert');
  await loaded(page, 'tiny/tiny-bert');
  await page.reload();
  await ready(page);
  await page.locator('#stored-title', { hasText: 'Stored on this device' }).click();
  assert.match(await page.locator('#stored-list').innerText(), /tiny\/tiny-bert\s+0\.\d MB, commit 0123456/);
  hub.down = true;
  await page.getByRole('button', { name: 'Load tiny/tiny-bert' }).click();
  await loaded(page, 'tiny/tiny-bert');
  hub.down = false;
  assert.equal((await classify(page, 'What a wonderful morning!'))[0].label, 'positive');
  await page.getByRole('button', { name: 'Delete tiny/tiny-bert' }).click();
  await page.locator('#stored').waitFor({ state: 'hidden' });
});

test('a folder that is opened or dropped is a model, and a model can be saved as a folder', async () => {
  const { page } = await openDemo();
  await page.setInputFiles('#folder', 'tests/golden/hub/tiny-roberta');
  await loaded(page, 'tiny-roberta');
  assert.equal(await page.locator('#model-card').isVisible(), false, 'it has no page');
  await page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['{}'], 'notes.txt'));
    dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
  });
  await page.locator('#error-message', { hasText: 'config.json' }).waitFor();
  await page.evaluate(() => Object.assign(globalThis, { showDirectoryPicker: undefined }));
  await page.locator('summary', { hasText: 'What is the encoder' }).click();
  /** @type {string[]} */
  const saved = [];
  page.on('download', (download) => saved.push(download.suggestedFilename()));
  await page.click('#save-model');
  await page.locator('#saved', { hasText: '4 files saved' }).waitFor();
  await eventually('all are saved', () => saved.length === 4);
  assert.deepEqual(saved.sort(), ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
});

test('every fault has a message that names the thing, and the page goes on', async (t) => {
  const { page, problems } = await openDemo();
  /** @type {[id: string, message: RegExp[]][]} */
  const faults = [
    ['tiny/broken-json', [/config\.json/, /JSON/]],
    ['tiny/html', [/config\.json/, /HTML/i]],
    ['tiny/truncated', [/model\.safetensors/]],
    ['tiny/dropped', [/model\.safetensors|connection|network/i]],
    ['tiny/absent', [/tiny\/absent/, /no such model, or it is private/]],
    ['tiny/no-weights', [/model\.safetensors/, /does not exist/]],
    ['tiny/bare-bert', [/classifier\.weight/]],
    ['tiny/unsupported', [/llama/, /\bbert\b/, /roberta/, /distilbert/]],
    ['tiny/gated', [/tiny\/gated/, /gated|access|token/i]],
    ['one/two/three', [/one\/two\/three/]],
  ];
  for (const [id, patterns] of faults) {
    await t.test(id, async () => {
      await load(page, id);
      await page.locator('#error').waitFor();
      const message = await page.locator('#error').innerText();
      for (const pattern of patterns) assert.match(message, pattern);
      assert.equal((await classify(page, `Thank you, ${id}!`))[0].label, 'gratitude');
      assert.equal(await page.locator('#progress').isVisible(), false);
    });
  }
  await load(page, 'tiny/tiny-bert');
  await loaded(page, 'tiny/tiny-bert');
  assert.equal(await page.locator('#error').isVisible(), false, 'a sound model clears the message');
  assert.deepEqual(problems.filter((problem) => !/Failed to load resource/.test(problem)), []);
});

test('everything can be done by keyboard', async () => {
  const { page } = await openDemo();
  await tabTo(page, '#examples button');
  await forgetResults(page);
  await page.keyboard.press('Enter');
  await shownResults(page);
  await tabTo(page, '#text');
  await page.keyboard.press('Control+A');
  await forgetResults(page);
  await page.keyboard.type('Thank you for the quick help!');
  await shownResults(page);
  await page.locator('#results [data-label="gratitude"]').waitFor();
  await tabTo(page, '#threshold');
  await page.keyboard.press('End');
  assert.deepEqual(await shownResults(page), []);
  await tabTo(page, '#model-id');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('tiny/stalled');
  await page.keyboard.press('Enter');
  await tabTo(page, '#cancel');
  await page.keyboard.press('Enter');
  await page.locator('#progress').waitFor({ state: 'hidden' });
});

for (const [name, options] of /** @type {[string, import('playwright-core').BrowserContextOptions][]} */ ([
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
  ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
])) {
  test(`axe finds nothing, nothing overflows: ${name}`, async () => {
    const { page } = await openPage(browser, { ...options, reducedMotion: 'reduce' });
    await page.addInitScript({ path: fileURLToPath(import.meta.resolve('axe-core/axe.min.js')) });
    await page.goto(server.url);
    await ready(page);
    const states = [
      ['start', async () => {}],
      ['result', () => classify(page, 'Thank you so much, I love it! What a wonderful surprise.')],
      ['truncated', () => classify(page, 'A rather long story. '.repeat(200))],
      ['stored', async () => {
        await load(page, 'tiny/tiny-roberta');
        await page.locator('#stored-title').click();
        await page.locator('#stored-list li').waitFor();
      }],
      ['error', async () => { await load(page, 'tiny/bare-bert'); await page.locator('#error').waitFor(); }],
      ['loading', async () => { await load(page, 'tiny/stalled'); await page.locator('#progress-text', { hasText: ' of ' }).waitFor(); }],
    ];
    for (const [state, reach] of /** @type {[string, () => Promise<unknown>][]} */ (states)) {
      await reach();
      await screenshot(page, `${name}-${state}`);
      const violations = await page.evaluate(async () => {
        const { violations } = await /** @type {any} */ (globalThis).axe.run();
        return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html).join(' | ')}`);
      });
      assert.deepEqual(violations, [], state);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${state}: ${overflow} px too wide`);
    }
  });
}

/**
 * Moves the focus by the Tab key alone.
 *
 * @param {Page} page
 * @param {string} selector
 */
async function tabTo(page, selector) {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
  }
  assert.fail(`${selector} is not reached by Tab`);
}
