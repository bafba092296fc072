/** The examples, as an application has them: pages on Vite's server, an unpacked extension, a program. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { createServer } from 'vite';
import { eventually, launch, openPage, ROOT } from './harness.mjs';
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
