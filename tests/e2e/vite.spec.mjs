/** The package as npm would publish it, in a Vite app that configures nothing: built, and on Vite's own server. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from '../../tools/serve.mjs';
import { launch, openPage, readJson, ROOT } from './harness.mjs';
import { shared, sharedFolder } from './shared.mjs';

const VITE = fileURLToPath(new URL('bin/vite.js', import.meta.resolve('vite/package.json')));
const MODEL = 'tests/golden/hub/tiny-bert';

const app = await sharedFolder();
const browser = shared(await launch());

await cp(fileURLToPath(new URL('vite-app', import.meta.url)), app, { recursive: true });
await cp(ROOT + MODEL, path.join(app, 'public/model'), { recursive: true });
// The tarball, unpacked where an installation puts it: no registry is asked.
const installed = path.join(app, 'node_modules/headwise');
await mkdir(installed, { recursive: true });
const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', app];
const packed = execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const [{ filename }] = JSON.parse(packed);
execFileSync('tar', ['-xzf', path.join(app, filename), '-C', installed, '--strip-components=1']);

/** @param {string} url */
async function assertClassifies(url) {
  const { page, problems } = await openPage(browser);
  await page.goto(url);
  const { cases: [{ text, results: [best] }] } = await readJson(`${MODEL}/expected.json`);
  await page.fill('input', text);
  await page.locator('output', { hasText: best.label }).waitFor();
  assert.deepEqual(problems, []);
}

test('vite build, served as static files', async () => {
  execFileSync(process.execPath, [VITE, 'build', '--logLevel', 'warn'], { cwd: app, stdio: 'inherit' });
  const modules = (await readdir(path.join(app, 'dist/assets'))).filter((name) => name.endsWith('.wasm'));
  assert.deepEqual(modules.map((name) => name.split('-')[0]).sort(), ['headwise_relaxed', 'headwise_simd128'], 'both are copied, once');
  const server = await serve({ root: path.join(app, 'dist'), bare: true });
  await assertClassifies(server.url).finally(() => server.close());
});

test('vite’s development server', async () => {
  const vite = spawn(process.execPath, [VITE, '--port', '0', '--host', '127.0.0.1'], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await new Promise((resolve, reject) => {
      let output = '';
      vite.on('exit', () => reject(new Error(`vite ended: ${output}`)));
      vite.stdout.on('data', (chunk) => {
        output += chunk;
        const [found] = /http:\/\/127\.0\.0\.1:\d+\//.exec(output.replaceAll(/\x1b\[\d*m/g, '')) ?? [];
        if (found) resolve(found);
      });
    });
    await assertClassifies(url);
  } finally {
    vite.kill();
  }
});
