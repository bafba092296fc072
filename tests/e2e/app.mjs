/** A web application that uses the package. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { openPage, ROOT } from './harness.mjs';

/** A web application without a policy, that is the checkout; what is under `/moved/` is on the Hub. */
export async function startApp() {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const server = createServer(async ({ url = '/' }, response) => {
    const [, file] = /^\/moved\/(.*)$/.exec(url) ?? [];
    if (file) return response.writeHead(302, { location: `https://huggingface.co/tiny/tiny-bert/resolve/main/${file}` }).end();
    if (url === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>app</title>');
    const bytes = await readFile(path.join(ROOT, path.normalize(url))).catch(() => undefined);
    const type = types[/** @type {keyof typeof types} */ (path.extname(url))];
    return response.writeHead(bytes ? 200 : 404, type && { 'content-type': type }).end(bytes);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(undefined)); });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve(undefined));
      server.closeAllConnections();
    }),
  };
}

/**
 * A page where `outcome(model, options)` is what a model says of a text, or the code of the error.
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
 * The same in a page that is there already, such as a second tab.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} url
 */
export async function prepare(page, url) {
  await page.goto(url);
  await page.evaluate(async () => {
    const { models, pipeline } = await import(new URL('/www/lib/index.js', location.href).href);
    Object.assign(globalThis, {
      models,
      pipeline,
      outcome: async (/** @type {string} */ model, options = {}) => {
        try {
          const classify = await pipeline('text-classification', model, options);
          const scores = await classify('What a wonderful morning!', { top_k: null });
          await classify.dispose();
          return scores;
        } catch (error) {
          return /** @type {any} */ (error).code;
        }
      },
    });
  });
}
