#!/usr/bin/env node
/**
 * Tries the packed package in every tool, as a newcomer would install it, and writes what came of it as a table into
 * `docs/hosts.md`. It asks the registry for the tools, in the versions that their projects name.
 *
 *   node tests/matrix/run.mjs [FOLDER [TOOL…]]    one folder beside this file only; the table is left alone then
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = path.join(HERE, '../..');
const DOCUMENT = path.join(ROOT, 'docs/hosts.md');
const TABLE = /(<!-- table -->\n)[^]*?(<!-- end -->)/;

/** @typedef {import('./support.mjs').Report} Report */

/**
 * What a folder's `try.mjs` reports, a line of JSON for each tool.
 *
 * @param {string} folder
 * @param {string[]} args
 */
async function reportsOf(folder, args) {
  const child = spawn(process.execPath, [path.join(HERE, folder, 'try.mjs'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  /** @type {Report[]} */
  const reports = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const report = JSON.parse(line);
    console.log(report.works ? 'works ' : 'FAILS ', report.tool, report.version, report.ms ?? '', report.note ?? '');
    reports.push(report);
  }
  return reports;
}

/** @param {Report} report */
const row = ({ tool, version, works, ms, note = '' }) => `|${tool}|${version}|${works ? 'yes' : 'no'}|${ms ?? ''}|${note.split('\n')[0].replaceAll('|', '/')}|`;

const [only, ...tools] = process.argv.slice(2);
const packed = await mkdtemp(path.join(tmpdir(), 'headwise-pack-'));
const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', packed], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
const entries = await readdir(HERE, { withFileTypes: true });
const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
const reports = [];
for (const folder of only ? [only] : folders) reports.push(...await reportsOf(folder, [path.join(packed, filename), ...tools]));
await rm(packed, { recursive: true });
if (!only) {
  const table = ['|tool|version|works|first label, ms|note|', '|---|---|---|--:|---|', ...reports.map(row)].join('\n');
  await writeFile(DOCUMENT, (await readFile(DOCUMENT, 'utf8')).replace(TABLE, (_, start, end) => `${start}${table}\n${end}`));
}
process.exitCode = reports.every(({ works }) => works) ? 0 : 1;
