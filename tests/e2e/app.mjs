/** Pages that use the package as an application does: without a policy, or under the strict one. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { listen } from '../../tools/serve.mjs';
import { openPage, ROOT } from './harness.mjs';

const MIME_TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** A web application without a policy, that is the checkout; what is under `/moved/` is on the Hub. */
export async function startApp() {
  const server = createServer(async ({ url = '/' }, response) => {
    const [, file] = /^\/moved\/(.*)$/.exec(url) ?? [];
    if (file) {
      const location = `https://huggingface.co/tiny/tiny-bert/resolve/main/${file}`;
      return response.writeHead(302, { location }).end();
    }
    if (url === '/') {
      return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>app</title>');
    }
    const bytes = await readFile(path.join(ROOT, path.normalize(url))).catch(() => undefined);
    const type = MIME_TYPES[/** @type {keyof typeof MIME_TYPES} */ (path.extname(url))];
    return response.writeHead(bytes ? 200 : 404, type ? { 'content-type': type } : {}).end(bytes);
  });
  const { port, close } = await listen(server);
  return { url: `http://127.0.0.1:${port}/`, close };
}

/**
 * A page of the application, prepared.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {{url: string}} app
 */
export async function openApp(browser, { url }) {
  const { page, problems } = await openPage(browser);
  await prepare(page, url);
  return { page, problems };
}

/**
 * The same, but blank and under the strict policy.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {{url: string}} server  of the checkout
 */
export const openBlank = (browser, { url }) => openApp(browser, { url: `${url}tests/e2e/blank.html` });

/**
 * The same in a page that is there already, such as a second tab: in it `api` is the package, with `models` and
 * `pipeline` by themselves, `outcome(model, options)` what a model says of a text, or the code of the error (of an abort its name), and
 * `caught(run)` what a function throws, as plain data.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} url
 */
export async function prepare(page, url) {
  await page.goto(url);
  await page.evaluate(async () => {
    const api = await import(new URL('/www/lib/index.js', location.href).href);
    const { models, pipeline } = api;
    Object.assign(globalThis, {
      api,
      models,
      pipeline,
      outcome: async (/** @type {string} */ model, options = {}) => {
        try {
          const classify = await pipeline('text-classification', model, options);
          const scores = await classify('What a wonderful morning!', { top_k: null });
          await classify.dispose();
          return scores;
        } catch (error) {
          return error instanceof api.HeadwiseError ? error.code : /** @type {any} */ (error).name;
        }
      },
      caught: async (/** @type {() => unknown} */ run) => {
        try {
          await run();
        } catch (error) {
          const { name, code, message, details } = /** @type {any} */ (error);
          return { name, code, message, details, isHeadwiseError: error instanceof api.HeadwiseError };
        }
        return undefined;
      },
    });
  });
}

/**
 * The names that a prepared page has, for the checker: functions that run there use them, here they are undefined.
 *
 * @type {any}
 */
export const { api, caught, models, outcome, pipeline } = /** @type {any} */ ({});

/**
 * `outcome` in a prepared page.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} model
 * @param {object} [options]
 */
export const outcomeIn = (page, model, options = {}) =>
  page.evaluate(({ model, options }) => outcome(model, options), { model, options });
