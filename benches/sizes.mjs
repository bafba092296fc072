/**
 * What a page downloads, model aside, and which crates and rooms of ours the module is made of.
 *
 *   node benches/sizes.mjs [MODULE]    a module with the names of its functions; default: that of the last build
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pageSizes } from '../tools/sizes.mjs';

const BUILT = fileURLToPath(new URL('../target/glue/relaxed/headwise.wasm', import.meta.url));
const CODE = 10;
const IMPORTS = 2;
const CUSTOM = 0;
const FUNCTION_NAMES = 1;

/** Reads a module from front to back. */
class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  get done() {
    return this.at >= this.bytes.length;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** A number in LEB128. */
  number() {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  /** @param {number} length */
  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text() {
    return new TextDecoder().decode(this.take(this.number()));
  }
}

/** How many functions are imported: they are counted before those of the module. @param {Reader} section */
function importedFunctions(section) {
  let functions = 0;
  for (let left = section.number(); left > 0; left--) {
    section.text();
    section.text();
    const kind = section.byte();
    if (kind === 0) functions += 1;
    // A type index; or a type, and limits; or a type and whether it changes.
    if (kind === 0) section.number();
    if (kind === 1) section.byte();
    if (kind === 1 || kind === 2) {
      const hasMost = section.byte() & 1;
      section.number();
      if (hasMost) section.number();
    }
    if (kind === 3) section.take(2);
  }
  return functions;
}

/** @param {Reader} section @returns {Map<number, string>} */
function functionNames(section) {
  /** @type {Map<number, string>} */
  const names = new Map();
  while (!section.done) {
    const kind = section.byte();
    const part = new Reader(section.take(section.number()));
    if (kind !== FUNCTION_NAMES) continue;
    for (let left = part.number(); left > 0; left--) names.set(part.number(), part.text());
  }
  return names;
}

/**
 * Bytes of code by function.
 * @param {Uint8Array} bytes
 * @returns {[name: string, bytes: number][]}
 */
function functionsOf(bytes) {
  const module = new Reader(bytes.subarray(8));
  /** @type {number[]} */
  const sizes = [];
  let [imported, names] = [0, /** @type {Map<number, string>} */ (new Map())];
  while (!module.done) {
    const kind = module.byte();
    const section = new Reader(module.take(module.number()));
    if (kind === IMPORTS) imported = importedFunctions(section);
    if (kind === CODE) {
      for (let left = section.number(); left > 0; left--) {
        const size = section.number();
        section.take(size);
        sizes.push(size);
      }
    }
    if (kind === CUSTOM && section.text() === 'name') names = functionNames(section);
  }
  return sizes.map((size, place) => [names.get(imported + place) ?? '?', size]);
}

/** The crates of the lock file as symbols spell them. */
async function crateNames() {
  const lock = await readFile(new URL('../Cargo.lock', import.meta.url), 'utf8');
  return [...lock.matchAll(/^name = "(.*)"$/gm)].map(([, name]) => name.replaceAll('-', '_'));
}

/**
 * The crate that a mangled name mentions first; the standard library counts only where there is no other, since most of
 * its code is there on behalf of a crate.
 * @param {string} name
 * @param {RegExp} crates
 */
function crateOf(name, crates) {
  return crates.exec(name)?.[1] ?? /(core|alloc|std|compiler_builtins)/.exec(name)?.[1] ?? 'other';
}

/** The room of our own crate that a mangled name mentions first. @param {string} name */
function roomOf(name) {
  const [, room, length, rest] = /(?<![a-z_])headwise(?:\.\.([a-z]+)|(\d+)(\w+))/.exec(name) ?? [];
  return `headwise::${room ?? rest?.slice(0, Number(length)) ?? ''}`;
}

console.table(await pageSizes());
const functions = functionsOf(await readFile(process.argv[2] ?? BUILT));
// An identifier has its length before it.
const known = new RegExp(`(?<![a-z_])(${(await crateNames()).join('|')})(?![a-z_])`);
/** @type {Map<string, number>} */
const parts = new Map();
for (const [name, size] of functions) {
  const crate = crateOf(name, known);
  const part = crate === 'headwise' ? roomOf(name) : crate;
  parts.set(part, (parts.get(part) ?? 0) + size);
}
const all = functions.reduce((sum, [, size]) => sum + size, 0);
const biggest = [...parts].sort(([, a], [, b]) => b - a).slice(0, 25);
console.table(biggest.map(([part, bytes]) => ({ part, bytes, share: `${((100 * bytes) / all).toFixed(1)} %` })));
