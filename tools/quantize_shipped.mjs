#!/usr/bin/env node
/**
 * Writes the shipped model in int8, half the bytes: the page downloads that, git keeps the f16 it is made of. The
 * module does it itself, by the conversion that a browser's store uses; so nothing has to be compiled for this machine.
 *
 *   node tools/quantize_shipped.mjs SOURCE TARGET
 */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { initSync, Loader } from '../www/lib/wasm/headwise.js';
import { pickVariant } from '../www/lib/runtime/variants.js';

/** Node 20 has relaxed SIMD behind a flag, later versions have it and know the flag no more. */
const FLAG = '--experimental-wasm-relaxed-simd';
const WEIGHTS = 'model.safetensors';

const [source, target] = process.argv.slice(2);
const module = path.join(path.dirname(fileURLToPath(import.meta.url)), '../www/lib/wasm/headwise_relaxed.wasm');

if (runsRelaxed()) {
  await quantize();
} else {
  const { status } = spawnSync(process.execPath, [FLAG, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

function runsRelaxed() {
  if (process.execArgv.includes(FLAG)) return true;
  try {
    return pickVariant() === 'relaxed';
  } catch {
    return false;
  }
}

async function quantize() {
  initSync({ module: await readFile(module) });
  const names = (await readdir(source)).filter((name) => name !== WEIGHTS);
  const small = Object.fromEntries(await Promise.all(names.filter((name) => name.endsWith('.json'))
    .map(async (name) => [name, new Uint8Array(await readFile(path.join(source, name)))])));
  const loader = new Loader(small, { task: 'text-classification', dtype: 'q8', convert: true });
  const weights = await readFile(path.join(source, WEIGHTS));
  loader.push(0, weights);
  const converted = loader.take_converted();
  loader.finish().free();
  // Under another name until it is whole.
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await writeFile(path.join(partial, WEIGHTS), converted);
  for (const name of names) await copyFile(path.join(source, name), path.join(partial, name));
  await rm(target, { recursive: true, force: true });
  await rename(partial, target);
  console.log(`${target}: ${converted.length} bytes of weights, ${weights.length} in ${source}`);
}
