/** The examples, as an application has them: pages on Vite's server, an unpacked extension, a program. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createServer } from 'vite';
import { eventually, launch, launchProfile, openPage, ROOT, screenshot } from './harness.mjs';
import { shared, sharedFolder } from './shared.mjs';

const EXAMPLES = `${ROOT}examples/`;
const run = promisify(execFile);

const vite = shared(await createServer({
  root: EXAMPLES, configLoader: 'native', cacheDir: await sharedFolder(), logLevel: 'warn', server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
}));
await vite.listen();
const [url] = vite.resolvedUrls?.local ?? [];
const browser = shared(await launch());

/** The page of an example, with the workers that it ever had and what was asked for. @param {string} example */
async function open(example) {
  const { page, problems } = await openPage(browser);
  /** @type {unknown[]} */
  const workers = [];
  /** @type {string[]} */
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('worker', (worker) => workers.push(worker));
  await page.goto(`${url}${example}/`);
  return { page, problems, workers, requests };
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

test('useClassifier loads once under StrictMode, follows its model, and ends with its component', async () => {
  const { page, problems, workers, requests } = await open('react');
  await page.fill('input', 'I love it');
  await page.locator('output', { hasText: 'love' }).waitFor();
  assert.equal(workers.length, 1);
  assert.equal(requests.filter((request) => request.endsWith('/config.json')).length, 1);

  await page.selectOption('select', '/emotions/');
  await page.fill('input', 'Thank you!');
  await page.locator('output', { hasText: 'gratitude' }).waitFor();
  assert.equal(workers.length, 2);
  await eventually('the worker of the first is gone', () => page.workers().length === 1);

  await page.route('**/emotions-q8/model.safetensors', () => {}); // which never comes
  const asked = page.waitForRequest('**/emotions-q8/model.safetensors');
  await page.selectOption('select', '/emotions-q8/');
  await asked;
  await page.selectOption('select', '');
  await eventually('its worker is gone', () => page.workers().length === 0);
  assert.equal(workers.length, 3);
  assert.deepEqual(problems, []);
});

test('useClassifier touches no global of a page when a server renders it', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', `
    for (const name of ['window', 'document', 'navigator', 'location', 'Worker', 'caches', 'indexedDB', 'fetch']) {
      Object.defineProperty(globalThis, name, { get() { throw new Error(name + ' is touched'); } });
    }
    const { createElement } = await import('react');
    const { renderToString } = await import('react-dom/server');
    const { useClassifier } = await import('./use-classifier.js');
    console.log(renderToString(createElement(() => createElement('p', null, useClassifier('/emotions-q8/').progress))));
  `], { cwd: `${EXAMPLES}react` });
  assert.equal(stdout, '<p>0</p>\n');
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

const JOB = [`${EXAMPLES}node-batch/classify.mjs`, `${ROOT}www/models/emotions-q8`];
const rows = (/** @type {string} */ lines) => lines.trim().split('\n').map((line) => JSON.parse(line));

test('a batch job gives a line for each line, an error to one that is too long, and begins where it is told', async () => {
  const input = path.join(await sharedFolder(), 'texts.txt');
  await writeFile(input, `I love it\n${'word '.repeat(600)}\nThank you!\n`);
  const { code, stdout, stderr } = await run(process.execPath, [...JOB, input]).catch((error) => error);
  const all = rows(stdout);
  assert.deepEqual(all.map(({ line, label, error }) => [line, label ?? error.code]), [[1, 'love'], [2, 'input'], [3, 'gratitude']]);
  assert.equal(code, 1);
  assert.match(stderr, /^3 lines, 1 of them without a result$/m);

  const rest = run(process.execPath, [...JOB, '--from', '3']);
  rest.child.stdin?.end(await readFile(input));
  assert.deepEqual(rows((await rest).stdout), all.slice(2));
});

test('a batch job that is interrupted says where it goes on', async () => {
  const job = run(process.execPath, JOB);
  job.child.stdin?.write('I love it\n'.repeat(1000));
  job.child.stdout?.once('data', () => job.child.kill('SIGINT'));
  const { code, stdout, stderr } = await job.catch((error) => error);
  assert.equal(code, 1);
  assert.ok(rows(stdout).length < 1000);
  assert.match(stderr, new RegExp(`^interrupted; go on with --from ${rows(stdout).length + 1}$`, 'm'));
});

test('an inbox is sorted in an extension, whose button shows how many mails are under the first label', async () => {
  const folder = await sharedFolder();
  const extension = path.join(folder, 'extension');
  await cp(`${EXAMPLES}inbox-sorter`, extension, { recursive: true });
  await cp(`${ROOT}www/lib`, path.join(extension, 'headwise/www/lib'), { recursive: true });
  await cp(`${ROOT}tests/golden/tasks/wordpiece-nli`, path.join(extension, 'model'), { recursive: true });
  const context = shared(await launchProfile(path.join(folder, 'profile'), [`--disable-extensions-except=${extension}`, `--load-extension=${extension}`]));
  const background = context.serviceWorkers()[0] ?? await context.waitForEvent('serviceworker');
  const page = await context.newPage();
  await page.goto(new URL('inbox.html', background.url()).href);

  await page.fill('[name=labels]', 'an invoice, work');
  const mails = 'From ada@example.org Mon Jan 1\nFrom: Ada\nSubject: An invoice\n for March\n\nPlease pay.\n\n'
    + 'From bob@example.org Mon Jan 1\nSubject: <b>Lunch?</b>\n\nAre you free on Friday?\n';
  await page.setInputFiles('[name=files]', { name: 'inbox.mbox', mimeType: 'text/plain', buffer: Buffer.from(mails) });
  await page.fill('[name=pasted]', 'Our best offers of the week');
  await page.click('button');
  await page.locator('output', { hasText: '3 of 3' }).waitFor();
  // So this model of random numbers has them.
  assert.deepEqual(await page.locator('section').evaluateAll((sections) => sections.map(({ children }) => [...children].map((child) => child.innerHTML))), [
    ['an invoice', '<li>An invoice for March</li><li>&lt;b&gt;Lunch?&lt;/b&gt;</li>'],
    ['work', '<li>Our best offers of the week</li>'],
  ]);
  await page.waitForFunction(async () => await /** @type {any} */ (globalThis).chrome.action.getBadgeText({}) === '2');
});
