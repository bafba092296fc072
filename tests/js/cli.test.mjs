/** `headwise` as `npx` runs it: what it prints, how it ends. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPlainHub } from '../e2e/fake_hub.mjs';

const COMMAND = fileURLToPath(new URL('../../bin/headwise.mjs', import.meta.url));
const MODEL = fileURLToPath(new URL('../golden/hub/tiny-bert', import.meta.url));
const FILES = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
const { cases } = JSON.parse(await readFile(`${MODEL}/expected.json`, 'utf8'));

/** @param {string[]} args */
async function headwise(args, { input = '', env = {}, cwd = os.tmpdir() } = {}) {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd, env: { ...process.env, HF_TOKEN: '', HF_ENDPOINT: '', ...env }, timeout: 20_000 });
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk) => { seen.out += chunk; });
  child.stderr.on('data', (chunk) => { seen.err += chunk; });
  child.stdin.end(input);
  const code = await new Promise((resolve) => { child.on('close', resolve); });
  return { code, ...seen };
}

async function temporary(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'headwise-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('help, and calls that are wrong', async () => {
  const help = await headwise(['--help']);
  assert.equal(help.code, 0);
  for (const command of ['download', 'inspect', 'quantize', 'lock', 'run']) {
    assert.match(help.out, new RegExp(`^  ${command} `, 'm'));
    assert.match((await headwise([command, '--help'])).out, new RegExp(`^Usage: headwise ${command} `));
  }
  for (const args of [[], ['classify'], ['inspect'], ['inspect', 'a', 'b'], ['lock', 'a', '--nonsense']]) {
    const { code, out, err } = await headwise(args);
    assert.deepEqual([code, out], [2, ''], args.join(' '));
    assert.match(err, /^headwise: .*\n\nUsage: headwise/);
  }
  const absent = await headwise(['inspect', './nowhere', '--json']);
  assert.equal(absent.code, 1);
  assert.equal(JSON.parse(absent.err).code, 'not-found');
  assert.match((await headwise(['inspect', './nowhere'])).err, /nowhere.* \[not-found\]\n$/);
});

test('download takes up what broke off, and checks what is there', async (t) => {
  const hub = await startPlainHub({ 'tiny/bert': { folder: MODEL, faults: { 'model.safetensors': { times: 1, stallAfter: 0.5 } } } });
  t.after(() => hub.close());
  const cwd = await temporary(t);
  const env = { HF_ENDPOINT: hub.endpoint, HEADWISE_CACHE: path.join(cwd, 'cache') };
  const first = spawn(process.execPath, [COMMAND, 'download', 'tiny/bert'], { cwd, env: { ...process.env, ...env } });
  const half = async () => (await readdir(path.join(cwd, 'bert')).catch(() => [])).find((name) => name.endsWith('.part'));
  const size = async (name) => name && (await readFile(path.join(cwd, 'bert', name))).length;
  while (!(await size(await half()) > 60_000)) await new Promise((resolve) => { setTimeout(resolve, 20); });
  first.kill('SIGKILL');
  hub.log.length = 0;
  const { code, out, err } = await headwise(['download', 'tiny/bert'], { cwd, env });
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /pipeline\('text-classification', '\.\/bert\/'\)/);
  const [range] = hub.log.flatMap(({ path: asked, range }) => (asked.includes('Signature') ? [range] : []));
  assert.match(range, /^bytes=7\d{4}-$/);
  assert.deepEqual((await readdir(path.join(cwd, 'bert'))).sort(), FILES);
  for (const name of FILES) assert.deepEqual(await readFile(path.join(cwd, 'bert', name)), await readFile(path.join(MODEL, name)), name);
  assert.deepEqual(await readdir(cwd), ['bert'], 'nothing is kept elsewhere');
  hub.log.length = 0;
  const again = await headwise(['download', 'tiny/bert', '--json'], { cwd, env });
  assert.deepEqual(Object.keys(JSON.parse(again.out).files), FILES);
  assert.ok(!hub.log.some(({ path: asked }) => asked.includes('resolve')), 'all of it was there');
});

test('inspect tells tasks, sizes and labels', async () => {
  const report = JSON.parse((await headwise(['inspect', MODEL, '--json'])).out);
  assert.deepEqual([report.model_type, report.class, report.task], ['bert', 'BertForSequenceClassification', 'text-classification']);
  assert.equal(report.file_bytes, 147276);
  assert.deepEqual(Object.keys(report.parameters), ['F32']);
  assert.equal(report.tasks['text-classification'].present, true);
  assert.equal(report.tasks['fill-mask'].code, 'missing-head');
  const { out } = await headwise(['inspect', MODEL]);
  assert.match(out, /^tasks: text-classification \(its own\)/m);
  assert.match(out, /^ {2}not fill-mask: .*\[missing-head\]$/m);
});

test('lock as code and as JSON', async () => {
  const { integrity } = JSON.parse((await headwise(['lock', MODEL, '--json'])).out);
  assert.deepEqual(Object.keys(integrity).sort(), FILES);
  const { out } = await headwise(['lock', MODEL]);
  for (const [name, hash] of Object.entries(integrity)) assert.ok(out.includes(`'${name}': '${hash}',`), out);
});

test('quantize writes what answers alike, and run reads arguments, standard input and JSON', async (t) => {
  const cwd = await temporary(t);
  await cp(MODEL, path.join(cwd, 'model'), { recursive: true });
  const made = await headwise(['quantize', 'model', 'small', '--dtype', 'q8', '--json'], { cwd });
  assert.equal(made.code, 0, made.err);
  const { bytes } = JSON.parse(made.out);
  assert.ok(bytes.after < bytes.before / 2, made.out);
  assert.equal((await headwise(['quantize', 'model', 'small'], { cwd })).code, 1, 'nothing is overwritten');
  assert.equal((await headwise(['quantize', 'model', 'other', '--dtype', 'q4'], { cwd })).code, 1);
  const texts = cases.filter(({ text, text_pair }) => text_pair === undefined && !text.includes('\n') && text.length < 200).slice(0, 3);
  const lines = (out) => out.trim().split('\n').map((line) => JSON.parse(line));
  const options = ['--options', '{"top_k": null}'];
  const exact = lines((await headwise(['run', 'text-classification', 'model', ...texts.map(({ text }) => text), ...options], { cwd })).out);
  assert.equal(exact.length, 3);
  exact.forEach(({ result }, index) => {
    for (const { label, score } of texts[index].results) {
      assert.ok(Math.abs(result.find((found) => found.label === label).score - score) <= 1e-4);
    }
  });
  const input = texts.map(({ text }) => `${text}\n`).join('');
  assert.deepEqual(lines((await headwise(['run', 'text-classification', 'model', '-', ...options], { cwd, input })).out), exact);
  const small = lines((await headwise(['run', 'text-classification', 'small', ...options], { cwd, input })).out);
  small.forEach(({ result }, index) => {
    for (const { label, score } of exact[index].result) assert.ok(Math.abs(result.find((found) => found.label === label).score - score) < 0.05);
  });
  const mixed = await headwise(['run', 'text-classification', 'model', '--json-input'], { cwd, input: '"good"\n{oops\n{"text": "a", "text_pair": "b"}\n' });
  assert.equal(mixed.code, 1);
  assert.deepEqual(lines(mixed.out).map(({ error, result }) => error?.code ?? typeof result.score), ['number', 'input', 'number']);
});
