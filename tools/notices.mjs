#!/usr/bin/env node
/**
 * Writes `www/lib/NOTICES.txt`: the licences of the crates that are linked into the module, as they ask for. A text that
 * several crates have is there once.
 *
 *   node tools/notices.mjs
 */
import { execFileSync } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const LICENCE = /^(licen[cs]e|copying|copyright|notice)/i;

/** The packages that the module is made of, without those that only build it. */
function linked() {
  const args = ['metadata', '--format-version', '1', '--no-default-features', '--filter-platform', 'wasm32-unknown-unknown'];
  const { packages, resolve } = JSON.parse(execFileSync('cargo', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] }));
  const byId = new Map(packages.map((/** @type {any} */ one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((/** @type {any} */ node) => [node.id, node]));
  const found = new Set();
  const visit = (/** @type {string} */ id) => {
    if (found.has(id) || byId.get(id).targets.some((/** @type {any} */ { kind }) => kind.includes('proc-macro'))) return;
    found.add(id);
    const deps = nodes.get(id).deps.filter((/** @type {any} */ dep) => dep.dep_kinds.some((/** @type {any} */ { kind }) => kind === null));
    for (const dep of deps) visit(dep.pkg);
  };
  visit(resolve.root);
  found.delete(resolve.root);
  return [...found].map((id) => byId.get(id)).sort((a, b) => a.name.localeCompare(b.name));
}

/** The texts of a package's licences. @param {{manifest_path: string}} one */
async function textsOf({ manifest_path }) {
  const folder = path.dirname(manifest_path);
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile() && LICENCE.test(entry.name));
  return Promise.all(names.map(async ({ name }) => (await readFile(path.join(folder, name), 'utf8')).trim()));
}

/** Crates by the text that they have. @type {Map<string, string[]>} */
const crates = new Map();
const list = linked();
for (const one of list) {
  for (const text of await textsOf(one)) crates.set(text, [...crates.get(text) ?? [], `${one.name} ${one.version}`]);
}
const lines = list.map(({ name, version, license, repository }) => `${name} ${version}: ${license ?? 'see its text'} (${repository ?? 'crates.io'})`);
const texts = [...crates].map(([text, names]) => `${'-'.repeat(80)}\n${names.join(', ')}\n\n${text}\n`);
await writeFile(`${ROOT}www/lib/NOTICES.txt`, `Headwise's WebAssembly modules contain these crates:\n\n${lines.join('\n')}\n\n${texts.join('\n')}`);
