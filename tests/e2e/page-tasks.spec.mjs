/** Every task on the demo page: what it shows is what the package gives, and a visitor finds the way there and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from '../../tools/serve.mjs';
import { startFakeHub } from './fake_hub.mjs';
import { launch, openPage, ROOT, screenshot } from './harness.mjs';
import { REPOSITORIES } from './repositories.mjs';
import { shared, sharedPage } from './shared.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @param {string} name */
const golden = (name) => ({ folder: `${ROOT}tests/golden/${name}/` });
const MODELS = {
  'tasks/nli': golden('tasks/wordpiece-nli'),
  'tasks/token': golden('tasks/wordpiece-token'),
  'tasks/qa': golden('tasks/wordpiece-qa'),
  'tasks/masked-lm': golden('tasks/wordpiece-masked-lm'),
  'tasks/bpe-masked-lm': golden('tasks/bpe-masked-lm'),
  'tasks/ranking': golden('tasks/wordpiece-ranking-identity'),
  'tasks/multiple-choice': golden('tasks/wordpiece-multiple-choice'),
  'tasks/encoder': golden('sentences/encoder'),
};

const hub = shared(await startFakeHub({ ...REPOSITORIES, ...MODELS }));
const server = shared(await serve({ root: await sharedPage() }));
const browser = shared(await launch(hub.browserFlags));

/**
 * The demo page with the shipped model at work.
 *
 * @param {string} [address] what follows the page's own
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
async function openDemo(address = '', options = {}) {
  const { page, problems } = await openPage(browser, { reducedMotion: 'reduce', ...options });
  await page.addInitScript({ path: fileURLToPath(import.meta.resolve('axe-core/axe.min.js')) });
  await page.goto(server.url + address);
  await page.locator('html[data-ready="true"]').waitFor({ state: 'attached' });
  await page.locator('#timing', { hasText: 'ms' }).waitFor();
  return { page, unexpected: () => problems.filter((problem) => !/404/.test(problem)) };
}

/** @param {Page} page @param {string} task @param {string} id */
async function load(page, task, id) {
  await page.selectOption('#task', task);
  await page.fill('#model-id', id);
  await page.click('#load');
  await page.locator('#model-name', { hasText: id }).waitFor();
  await page.locator('#status', { hasText: 'Ready' }).waitFor();
}

/**
 * Writes into both boxes and gives all that is then shown.
 *
 * @param {Page} page
 * @param {string} text
 * @param {string} [second]
 */
async function write(page, text, second) {
  await page.fill('#text', text);
  await page.locator('#timing').evaluate((timing) => timing.replaceChildren());
  if (second === undefined) await page.press('#text', 'Control+Enter');
  else await page.fill('#second', second);
  await page.locator('#timing', { hasText: 'ms' }).waitFor();
  const all = page.locator('#show-all', { hasText: 'Show all' });
  if (await all.isVisible()) await all.click();
  return shown(page);
}

/** @param {Page} page */
const shown = (page) => page.evaluate(() => {
  const texts = (/** @type {string} */ selector) => [...document.querySelectorAll(selector)].map((part) => part.textContent ?? '');
  const marked = document.querySelector('#marked');
  return {
    labels: [...document.querySelectorAll('#bars li')].map((row) => /** @type {HTMLElement} */ (row).dataset.label),
    notes: texts('#bars .kind'),
    scores: texts('#bars .score'),
    verdict: document.querySelector('#verdict')?.textContent,
    marks: [...document.querySelectorAll('mark')].map((mark) => mark.textContent?.replace('\u00a0', ' · ')),
    marked: [...marked?.childNodes ?? []].map((part) => (part.nodeName === 'MARK' ? part.firstChild : part)?.textContent).join(''),
  };
});

/**
 * What the package gives for these arguments.
 *
 * @param {Page} page
 * @param {string} task
 * @param {string} id
 * @param {any[]} args
 * @returns {Promise<any>}
 */
const compute = (page, task, id, args) => page.evaluate(async ({ task, id, args }) => {
  const { pipeline } = await import(new URL('lib/index.js', location.href).href);
  const run = await pipeline(task, id);
  const result = await run(...args);
  await run.dispose();
  return result.tolist?.() ?? result;
}, { task, id, args });

/** @param {number} score */
function percent(score) {
  if (score < 0.0005) return '<0.1%';
  return score < 1 && score >= 0.9995 ? '>99.9%' : `${(Math.min(score, 1) * 100).toFixed(1)}%`;
}

const TEXT = 'Straße 🎉 the quick brown fox, Ünïted in the rain.';

test('zero-shot classification shows the visitor’s own labels', async () => {
  const { page, unexpected } = await openDemo();
  await load(page, 'zero-shot-classification', 'tasks/nli');
  const { labels, scores } = await compute(page, 'zero-shot-classification', 'tasks/nli', [TEXT, ['sport', '<b>rain</b> & $&', 'art']]);
  const seen = await write(page, TEXT, 'sport\n\n  <b>rain</b> & $&\nart\n');
  assert.deepEqual(seen.labels, labels);
  assert.deepEqual(seen.scores, scores.map(percent));
  assert.equal(seen.verdict, labels[0]);
  assert.deepEqual(unexpected(), []);
});

test('what is odd about a model is told below its name, and gone with the next one', async () => {
  const { page, unexpected } = await openDemo();
  const warnings = page.locator('#warnings');
  assert.ok(await warnings.isHidden());
  await load(page, 'zero-shot-classification', 'tiny/tiny-bert');
  assert.match(await warnings.innerText(), /^Note: .*entail/);
  await screenshot(page, 'warnings');
  await load(page, 'zero-shot-classification', 'tasks/nli');
  assert.ok(await warnings.isHidden());
  assert.deepEqual(unexpected(), []);
});

test('token classification marks entities where they stand in the text, with their labels', async () => {
  const { page, unexpected } = await openDemo();
  await load(page, 'token-classification', 'tasks/token');
  const entities = await compute(page, 'token-classification', 'tasks/token', [TEXT, { aggregation_strategy: 'first' }]);
  const seen = await write(page, TEXT);
  const words = entities.map((/** @type {any} */ { start, end }) => TEXT.slice(start, end));
  const kinds = entities.map((/** @type {any} */ one) => one.entity_group);
  assert.ok(words.length > 1);
  assert.deepEqual([seen.labels, seen.notes], [words, kinds]);
  assert.deepEqual(seen.scores, entities.map((/** @type {any} */ { score }) => percent(score)));
  assert.deepEqual(seen.marks, words.map((/** @type {string} */ word, /** @type {number} */ place) => `${word} · ${kinds[place]}`));
  assert.equal(seen.marked, TEXT, 'nothing of the text is lost or moved');
  assert.deepEqual(unexpected(), []);
});

test('question answering marks the answer, also in a text that is read in windows', async () => {
  const { page, unexpected } = await openDemo();
  await load(page, 'question-answering', 'tasks/qa');
  for (const context of [TEXT, `${TEXT} `.repeat(20).trim()]) {
    const args = ['Who?', context, { top_k: 3, handle_impossible_answer: true }];
    const answers = await compute(page, 'question-answering', 'tasks/qa', args);
    const seen = await write(page, context, 'Who?');
    assert.deepEqual(seen.labels, answers.map((/** @type {any} */ { answer }) => answer || 'No answer'));
    assert.deepEqual(seen.scores, answers.map((/** @type {any} */ { score }) => percent(score)));
    const [{ answer }] = answers;
    assert.deepEqual(seen.marks, answer ? [`${answer} · answer`] : []);
    assert.equal(seen.verdict, answer || 'The text does not answer this.');
    assert.equal(seen.marked, context);
    assert.equal(await page.locator('#truncation').isVisible(), false, 'all windows are read');
  }
  assert.deepEqual(unexpected(), []);
});

test('fill-mask puts words into gaps, offers the mask, and takes another model’s', async () => {
  const { page, unexpected } = await openDemo();
  await load(page, 'fill-mask', 'tasks/masked-lm');
  const text = '🎉 The [MASK] fox. The lazy [MASK].';
  const gaps = await compute(page, 'fill-mask', 'tasks/masked-lm', [text]);
  const seen = await write(page, text);
  assert.deepEqual(seen.labels, gaps.flat().map((/** @type {any} */ { token_str }) => token_str));
  assert.deepEqual(seen.scores, gaps.flat().map((/** @type {any} */ { score }) => percent(score)));
  assert.deepEqual(seen.notes, [...Array(5).fill('gap 1'), ...Array(5).fill('gap 2')]);
  const [[{ token_str: first }], [{ token_str: second }]] = gaps;
  assert.deepEqual([seen.marks, seen.marked], [[first, second], `🎉 The ${first} fox. The lazy ${second}.`]);

  await page.fill('#text', 'The fox.');
  await page.locator('#verdict', { hasText: 'Put [MASK] where a word is missing.' }).waitFor();
  assert.deepEqual((await shown(page)).labels, []);
  await page.locator('#text').evaluate((box) => /** @type {HTMLTextAreaElement} */ (box).setSelectionRange(4, 7));
  await page.getByRole('button', { name: 'Insert [MASK]' }).click();
  assert.equal(await page.inputValue('#text'), 'The [MASK].');
  await page.locator('#results li').first().waitFor();

  await load(page, 'fill-mask', 'tasks/bpe-masked-lm');
  assert.equal(await page.inputValue('#text'), 'The <mask>.');
  const words = await compute(page, 'fill-mask', 'tasks/bpe-masked-lm', ['The <mask>.']);
  await page.locator('#results li').first().waitFor();
  assert.deepEqual((await shown(page)).labels, words.map((/** @type {any} */ { token_str }) => token_str.trim()));
  assert.deepEqual(unexpected(), []);
});

test('text ranking, multiple choice and sentence similarity order the lines of the second box', async () => {
  const { page, unexpected } = await openDemo();
  const lines = ['the quick fox.', 'in the rain 😀', 'over the dog.'];
  await load(page, 'text-ranking', 'tasks/ranking');
  const ranked = await compute(page, 'text-ranking', 'tasks/ranking', ['Where is it?', lines, { activation_fn: 'sigmoid' }]);
  const ranking = await write(page, 'Where is it?', lines.join('\n'));
  assert.deepEqual(ranking.labels, ranked.map((/** @type {any} */ { corpus_id }) => lines[corpus_id]));
  assert.deepEqual(ranking.scores, ranked.map((/** @type {any} */ { score }) => percent(score)));

  await load(page, 'multiple-choice', 'tasks/multiple-choice');
  const choices = await compute(page, 'multiple-choice', 'tasks/multiple-choice', ['The dog runs', lines]);
  const choosing = await write(page, 'The dog runs', lines.join('\n'));
  assert.deepEqual(choosing.labels, choices.map((/** @type {any} */ { choice }) => choice));
  assert.deepEqual(choosing.scores, choices.map((/** @type {any} */ { score }) => percent(score)));

  await load(page, 'feature-extraction', 'tasks/encoder');
  const [own, ...others] = await compute(page, 'feature-extraction', 'tasks/encoder', [['The dog.', ...lines], { pooling: 'mean' }]);
  /** @param {number[]} a @param {number[]} b */
  const product = (a, b) => a.reduce((sum, number, place) => sum + number * b[place], 0);
  const cosines = others.map((/** @type {number[]} */ other, /** @type {number} */ place) =>
    ({ line: lines[place], cosine: product(own, other) / Math.sqrt(product(own, own) * product(other, other)) }));
  cosines.sort((/** @type {any} */ a, /** @type {any} */ b) => b.cosine - a.cosine);
  const similar = await write(page, 'The dog.', lines.join('\n'));
  assert.deepEqual(similar.labels, cosines.map((/** @type {any} */ { line }) => line));
  similar.scores.forEach((score, place) => assert.ok(Math.abs(Number(score) - cosines[place].cosine) < 1e-3));
  assert.deepEqual(unexpected(), []);
});

test('a task changes the boxes only when a model of it is in use, and the way back is one click', async () => {
  const { page } = await openDemo();
  const start = await shown(page);
  await page.selectOption('#task', 'question-answering');
  assert.match(await page.inputValue('#model-id'), /squad/, 'an empty field takes the first proposal');
  assert.match(await page.locator('#task-hint').innerText(), /question/);
  assert.equal(await page.locator('#second').isVisible(), false);
  assert.deepEqual(await shown(page), start, 'the shipped model goes on');

  await load(page, 'question-answering', 'tasks/qa');
  assert.match(await page.inputValue('#text'), /rainforest/, 'an example gives way to one of the task');
  assert.match(page.url(), /\?model=tasks\/qa&task=question-answering$/);
  await page.fill('#text', 'My own words about the fox.');
  await page.fill('#second', 'Who?');
  await page.getByRole('button', { name: 'Back to the shipped model' }).click();
  await page.locator('#model-name', { hasText: 'emotions' }).waitFor();
  assert.equal(await page.inputValue('#text'), 'My own words about the fox.', 'what was written stays');
  assert.deepEqual([await page.locator('#second').isVisible(), await page.inputValue('#task')], [false, 'text-classification']);
  await page.locator('#threshold').waitFor();
  assert.equal(await page.locator('#marked').isVisible(), false);
  assert.equal(new URL(page.url()).search, '');

  await load(page, 'question-answering', 'tasks/qa');
  assert.equal(await page.inputValue('#second'), 'Who?');
});

test('a link proposes a model with its task and both texts, and downloads nothing by itself', async () => {
  const query = '?model=tasks/qa&task=question-answering';
  const { page } = await openDemo(`${query}#text=The+fox+%F0%9F%98%80+runs.&second=Who+runs%3F`);
  assert.match(await page.locator('#link-note').innerText(), /tasks\/qa for question answering.*until you press Load/);
  assert.equal(await page.inputValue('#text'), 'The fox 😀 runs.');
  assert.equal(await page.locator('#model-name').innerText(), 'emotions');
  await page.click('#load');
  await page.locator('#model-name', { hasText: 'tasks/qa' }).waitFor();
  assert.deepEqual([await page.inputValue('#text'), await page.inputValue('#second')], ['The fox 😀 runs.', 'Who runs?']);
  assert.equal(page.url(), `${server.url}${query}`, 'texts are not in the address');

  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await page.click('#copy-link');
  const copied = new URL(await page.inputValue('#copied-link-url'));
  assert.equal(copied.search, query);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(copied.hash.slice(1))), { text: 'The fox 😀 runs.', second: 'Who runs?' });
  await page.context().close();

  const seen = hub.log.length;
  const { page: odd } = await openDemo('?model=tasks/nli&task=__proto__');
  assert.match(await odd.locator('#link-note').innerText(), /tasks\/nli\..*not known here, “__proto__”/);
  assert.equal(await odd.inputValue('#task'), 'text-classification');
  assert.equal(hub.log.length, seen, 'nobody was asked');
});

test('what is missing is said; a model without the head is refused, and the one in use goes on', async () => {
  const { page, unexpected } = await openDemo();
  await load(page, 'zero-shot-classification', 'tasks/nli');
  await page.fill('#second', ' \n ');
  await page.locator('#verdict', { hasText: 'Write at least one label.' }).waitFor();
  assert.deepEqual([(await shown(page)).labels, await page.locator('#timing').innerText()], [[], '']);
  await page.fill('#text', '');
  await page.locator('#verdict', { hasText: 'Write something to classify.' }).waitFor();

  await page.selectOption('#task', 'token-classification');
  await page.fill('#model-id', 'tasks/encoder');
  await page.click('#load');
  await page.locator('#error').waitFor();
  assert.match(await page.locator('#error').innerText(), /no trained head for this task.*classifier\.weight/s);
  assert.match(await page.locator('#status').innerText(), /Still in use: tasks\/nli/);
  const { labels } = await write(page, TEXT, 'a\nb');
  assert.deepEqual(labels.sort(), ['a', 'b']);
  assert.deepEqual(unexpected(), []);
});

test('a folder and a stored model get the task that their head is for', async () => {
  const { page } = await openDemo();
  await page.setInputFiles('#folder', MODELS['tasks/token'].folder);
  await page.locator('#model-name', { hasText: 'wordpiece-token' }).waitFor();
  await page.locator('#marked').waitFor();
  assert.equal(await page.inputValue('#task'), 'token-classification');
  await load(page, 'text-ranking', 'tasks/ranking');
  await load(page, 'question-answering', 'tasks/qa');
  await page.locator('#stored-title').click();
  hub.down = true;
  await page.selectOption('#task', 'zero-shot-classification');
  await page.getByRole('button', { name: 'Load tasks/ranking' }).click();
  await page.locator('#model-name', { hasText: 'tasks/ranking' }).waitFor();
  assert.equal(await page.inputValue('#task'), 'zero-shot-classification', 'its head serves the chosen task as well');
  await page.getByRole('button', { name: 'Load tasks/qa' }).click();
  await page.locator('#model-name', { hasText: 'tasks/qa' }).waitFor();
  hub.down = false;
  assert.equal(await page.inputValue('#task'), 'question-answering');
});

for (const [name, options] of /** @type {[string, import('playwright-core').BrowserContextOptions][]} */ ([
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
  ['forced', { forcedColors: 'active', viewport: { width: 1280, height: 900 } }],
  ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 740 } }],
])) {
  test(`axe finds nothing in marked texts and long labels, nothing overflows: ${name}`, async () => {
    const { page } = await openDemo('', options);
    const story = `${TEXT} `.repeat(40);
    const states = [
      ['entities', 'token-classification', 'tasks/token', TEXT, undefined],
      ['scrolled', 'question-answering', 'tasks/qa', story, 'Who?'],
      ['gaps', 'fill-mask', 'tasks/masked-lm', 'The [MASK] fox [MASK].', undefined],
      ['ranking', 'text-ranking', 'tasks/ranking', 'Where?', `${TEXT}\n${'unbroken'.repeat(12)}`],
    ];
    for (const [state, task, id, text, second] of /** @type {string[][]} */ (states)) {
      await load(page, task, id);
      await write(page, text, second);
      await screenshot(page, `tasks-${name}-${state}`);
      const violations = await page.evaluate(async (contrast) => {
        // Colours that the system forces upon a page are not those that axe computes.
        const options = { rules: { 'color-contrast': { enabled: contrast } } };
        const { violations } = await /** @type {any} */ (globalThis).axe.run(options);
        return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html).join(' | ')}`);
      }, name !== 'forced');
      assert.deepEqual(violations, [], state);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${state}: ${overflow} px too wide`);
    }
  });
}
