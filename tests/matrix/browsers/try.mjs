/**
 * The package without any bundler in the browsers of the system: a plain page that imports it from where it was unpacked.
 * The page tells the server what came of it, so that no browser needs a driver.
 *
 *   node tests/matrix/browsers/try.mjs TARBALL [BROWSER…]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listen } from '../../../tools/serve.mjs';
import { LABEL, MODEL, TEXT, print } from '../support.mjs';

const MIME_TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="importmap">{"imports": {"headwise": "./package/www/lib/index.js"}}</script>
<script type="module">
  import { pipeline } from 'headwise';
  const tell = (told) => fetch('/told', { method: 'POST', body: JSON.stringify({ agent: navigator.userAgent, ...told }) });
  try {
    const classify = await pipeline('text-classification', './model/');
    const [{ label }] = await classify(${JSON.stringify(TEXT)});
    tell({ label, ms: performance.now(), variant: classify.model.variant, warnings: classify.model.warnings });
  } catch ({ code, message }) {
    tell({ code, message });
  }
</script>`;

/** By name: how to start it with a profile of its own, and where its version is in what it calls itself. */
const BROWSERS = {
  Chromium: { start: (/** @type {string} */ url, /** @type {string} */ profile) => ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`, url], version: /Chrome\/([\d.]+)/ },
  Firefox: { start: (/** @type {string} */ url, /** @type {string} */ profile) => ['firefox-esr', '--headless', '--no-remote', '--profile', profile, url], version: /Firefox\/([\d.]+)/ },
  WebKitGTK: { start: (/** @type {string} */ url) => ['xvfb-run', '-a', webkit(), '--private', url], version: /Version\/([\d.]+)/ },
};

function webkit() {
  return execFileSync('sh', ['-c', 'ls /usr/lib/*/webkit2gtk-4.*/MiniBrowser | head -1'], { encoding: 'utf8' }).trim();
}

const [tarball, ...wanted] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), 'headwise-'));
execFileSync('tar', ['-xzf', tarball, '-C', folder]);

/** @type {(told: any) => void} */
let told = () => {};
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/') return response.setHeader('content-type', 'text/html').end(PAGE);
  if (pathname === '/told') {
    told(JSON.parse((await request.toArray()).join('')));
    return response.end();
  }
  const file = pathname.startsWith('/model/') ? path.join(MODEL, path.basename(pathname)) : path.join(folder, path.normalize(pathname));
  const bytes = await readFile(file).catch(() => undefined);
  response.writeHead(bytes ? 200 : 404, { 'content-type': MIME_TYPES[/** @type {keyof typeof MIME_TYPES} */ (path.extname(file))] ?? 'text/plain' }).end(bytes);
});
const { port, close } = await listen(server);

for (const [tool, { start, version }] of Object.entries(BROWSERS)) {
  if (wanted.length > 0 && !wanted.includes(tool)) continue;
  const profile = await mkdtemp(path.join(tmpdir(), 'headwise-'));
  const answer = new Promise((resolve, reject) => {
    told = resolve;
    setTimeout(() => reject(new Error('no answer in two minutes')), 120_000).unref();
  });
  const [command, ...args] = start(`http://127.0.0.1:${port}/`, profile);
  const browser = spawn(command, args, { detached: true, stdio: 'ignore' });
  const failed = new Promise((_, reject) => { browser.on('error', reject); });
  try {
    const { agent, label, ms, variant, warnings = [], message } = await Promise.race([answer, failed]);
    print({ tool, version: version.exec(agent)?.[1] ?? agent, works: label === LABEL, ...ms && { ms: Math.round(ms) }, note: message ?? [variant, ...warnings].join('; ') });
  } catch (error) {
    print({ tool, version: '', works: false, note: String(error) });
  } finally {
    try { process.kill(-Number(browser.pid)); } catch { /* It is gone. */ }
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
await close();
await rm(folder, { recursive: true });
