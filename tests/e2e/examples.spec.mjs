/** The examples, as an application has them: pages on Vite's server, an unpacked extension, a program. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { createServer } from 'vite';
import { eventually, launch, openPage, ROOT, screenshot } from './harness.mjs';
import { shared, sharedFolder } from './shared.mjs';

const EXAMPLES = `${ROOT}examples/`;

const vite = shared(await createServer({
  root: EXAMPLES, configLoader: 'native', cacheDir: await sharedFolder(), logLevel: 'warn', server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
}));
await vite.listen();
const [url] = vite.resolvedUrls?.local ?? [];
const browser = shared(await launch());

/** The page of an example, and the workers that it ever had. @param {string} example */
async function open(example) {
  const { page, problems } = await openPage(browser);
  /** @type {unknown[]} */
  const workers = [];
  page.on('worker', (worker) => workers.push(worker));
  await page.goto(`${url}${example}/`);
  return { page, problems, workers };
}

test('a web component loads when it is seen, answers, tells what fails, and ends when it is removed', async () => {
  const { page, problems } = await open('web-component');
  const output = page.locator('text-classifier output');
  await page.fill('textarea', 'I love it');
  await output.filter({ hasText: /^love, \d\d %$/ }).waitFor();
  assert.equal(page.workers().length, 1);

  const heard = await page.evaluate(async () => {
    const element = /** @type {HTMLElement} */ (document.querySelector('text-classifier'));
    element.remove();
    const events = /** @type {any[]} */ ([]);
    const answered = new Promise((resolve) => {
      document.addEventListener('result', (event) => resolve(/** @type {CustomEvent} */ (event).detail[0].label), { once: true });
    });
    element.addEventListener('progress', (event) => events.push(/** @type {ProgressEvent} */ (event).loaded));
    element.style.marginTop = '300vh';
    document.body.append(element);
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    const hidden = events.length;
    element.scrollIntoView();
    return { label: await answered, hidden, events: events.length };
  });
  assert.equal(heard.label, 'love');
  assert.equal(heard.hidden, 0);
  assert.ok(heard.events > 0);
  assert.equal(page.workers().length, 1);
  assert.deepEqual(problems, []);

  await page.evaluate(() => document.querySelector('text-classifier')?.setAttribute('model', '<b>no</b>'));
  await output.filter({ hasText: '<b>no</b>' }).waitFor();
  await page.evaluate(() => document.querySelector('text-classifier')?.remove());
  await eventually('its worker is gone', () => page.workers().length === 0);
});

test('a comment that may hurt is held with the words that decided, and sent all the same when the person says so', async () => {
  const { page, problems } = await open('comment-form');
  const sent = page.locator('li');
  const send = async (/** @type {string} */ comment) => {
    await page.fill('textarea', comment);
    await page.click('form > button');
  };
  await send('Thanks, this helped me a lot!');
  await sent.filter({ hasText: 'Thanks' }).waitFor();

  await send('What a disgusting comment, nobody wants to read your garbage.');
  await page.locator('section:focus').waitFor();
  assert.match(await page.textContent('strong') ?? '', /^disgust, \d\d %$/);
  assert.deepEqual(await page.locator('mark').allTextContents(), ['disgusting']);
  await screenshot(page, 'comment-form');
  assert.equal(await sent.count(), 1);
  await page.click('section button');
  await sent.filter({ hasText: 'garbage' }).waitFor();
  assert.ok(await page.isHidden('section'));
  assert.deepEqual(problems, []);
});

test('a model that cannot be had holds no comment up', async () => {
  const { page } = await open('comment-form');
  await page.route('**/emotions-q8/**', (route) => route.abort());
  await page.fill('textarea', 'Shut up.');
  await page.click('form > button');
  await page.locator('li', { hasText: 'Shut up.' }).waitFor();
});
