/** The repositories of the fake Hub: the sound ones of `tests/golden/hub/`, and those with exactly one thing wrong. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param {string} name */
const golden = (name) => fileURLToPath(new URL(`../golden/hub/${name}/`, import.meta.url));

/**
 * @param {string} name
 * @param {Record<string, import('./fake_hub.mjs').Fault>} faults
 */
const faulty = (name, faults) => ({ folder: golden(name), faults });

/** @param {(config: any) => object} change */
const changeJson = (change) => (/** @type {Buffer} */ bytes) => Buffer.from(JSON.stringify(change(JSON.parse(bytes.toString()))));

/** One byte is another. @param {number} share of the bytes before it */
const flip = (share) => (/** @type {Buffer} */ bytes) => {
  const damaged = Buffer.from(bytes);
  damaged[Math.floor(damaged.length * share)] ^= 1;
  return damaged;
};

/**
 * The weights of a model in several files, tensor by tensor in turn.
 *
 * @param {string} name
 * @param {number} count
 * @returns {Record<string, Buffer>}
 */
function shards(name, count) {
  const whole = readFileSync(`${golden(name)}model.safetensors`);
  const data = 8 + Number(whole.readBigUInt64LE(0));
  const { __metadata__, ...tensors } = JSON.parse(whole.toString('utf8', 8, data));
  const file = (/** @type {number} */ shard) => `model-0000${shard + 1}-of-0000${count}.safetensors`;
  const entries = Object.entries(tensors).map(([tensor, entry], place) => ({ tensor, entry, shard: place % count }));
  /** @type {Record<string, Buffer>} */
  const files = {};
  for (let shard = 0; shard < count; shard += 1) {
    let end = 0;
    /** @type {Buffer[]} */
    const bodies = [];
    const header = Object.fromEntries(entries.filter((entry) => entry.shard === shard).map(({ tensor, entry }) => {
      const [from, to] = entry.data_offsets;
      bodies.push(whole.subarray(data + from, data + to));
      return [tensor, { ...entry, data_offsets: [end, end += to - from] }];
    }));
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    files[file(shard)] = Buffer.concat([length, json, ...bodies]);
  }
  const weight_map = Object.fromEntries(entries.map(({ tensor, shard }) => [tensor, file(shard)]));
  return { ...files, 'model.safetensors.index.json': Buffer.from(JSON.stringify({ metadata: {}, weight_map })) };
}

/**
 * The weights of a model with a tensor behind them that nobody needs.
 *
 * @param {string} name
 * @param {number} length
 */
function padded(name, length) {
  const whole = readFileSync(`${golden(name)}model.safetensors`);
  const data = 8 + Number(whole.readBigUInt64LE(0));
  const header = JSON.parse(whole.toString('utf8', 8, data));
  const end = whole.length - data;
  const padding = { dtype: 'F32', shape: [length / 4], data_offsets: [end, end + length] };
  const json = Buffer.from(JSON.stringify({ ...header, padding }));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, whole.subarray(data), Buffer.alloc(length, 7)]);
}

/** tiny-bert that lacks safetensors but for a pull request. @param {import('./fake_hub.mjs').Conversion} [conversion] */
const pickled = (conversion) => ({
  folder: golden('tiny-bert'), files: { 'pytorch_model.bin': Buffer.from('pickle') }, conversion: conversion ?? {},
});

/**
 * tiny-bert in three files.
 *
 * @param {Record<string, import('./fake_hub.mjs').Fault>} [faults]
 */
const sharded = (faults) => ({
  folder: golden('tiny-bert'), files: shards('tiny-bert', 3), faults: { 'model.safetensors': { absent: true }, ...faults },
});

/** Faults of tiny-bert that pass, so that it loads in the end. @type {Record<string, import('./fake_hub.mjs').Repository>} */
export const PASSING = {
  'passing/busy': faulty('tiny-bert', { 'config.json': { status: 429, retryAfter: '1', times: 1 }, 'model.safetensors': { status: 429, times: 2 } }),
  'passing/unavailable': faulty('tiny-bert', { 'tokenizer.json': { status: 503, times: 2 }, 'model.safetensors': { status: 502, times: 1 } }),
  'passing/small-drop': faulty('tiny-bert', { 'tokenizer.json': { breakAfter: 0.5, times: 1 } }),
  'passing/drop': faulty('tiny-bert', { 'model.safetensors': { breakAfter: 0.5, times: 2 } }),
  'passing/drop-no-ranges': faulty('tiny-bert', { 'model.safetensors': { breakAfter: 0.5, times: 2, noRanges: true } }),
  'passing/short': faulty('tiny-bert', { 'model.safetensors': { damage: (bytes) => bytes.subarray(0, bytes.length * 0.6), times: 1 } }),
  'passing/small-damage': faulty('tiny-bert', { 'tokenizer.json': { damage: flip(0.5), times: 1 } }),
  'passing/damage': faulty('tiny-bert', { 'model.safetensors': { damage: flip(0.9), times: 1 } }),
  'passing/header-damage': faulty('tiny-bert', { 'model.safetensors': { damage: flip(0), times: 1 } }),
  'passing/shards': sharded(),
  'passing/shard-drop': sharded({ 'model-00002-of-00003.safetensors': { breakAfter: 0.5, times: 1 } }),
  'passing/shard-damage': sharded({ 'model-00003-of-00003.safetensors': { damage: flip(0.9), times: 1 } }),
};

/** Faults of tiny-bert that last. @type {Record<string, import('./fake_hub.mjs').Repository & {error: string}>} */
export const LASTING = {
  'lasting/busy': { error: 'rate-limited', ...faulty('tiny-bert', { 'config.json': { status: 429 } }) },
  'lasting/unavailable': { error: 'http', ...faulty('tiny-bert', { 'model.safetensors': { status: 503 } }) },
  'lasting/drop': { error: 'network', ...faulty('tiny-bert', { 'model.safetensors': { breakAfter: 0.5 } }) },
  'lasting/short': { error: 'integrity', ...faulty('tiny-bert', { 'model.safetensors': { damage: (bytes) => bytes.subarray(0, bytes.length * 0.6) } }) },
  'lasting/long': { error: 'integrity', ...faulty('tiny-bert', { 'model.safetensors': { damage: (bytes) => Buffer.concat([bytes, bytes]) } }) },
  'lasting/small-damage': { error: 'integrity', ...faulty('tiny-bert', { 'tokenizer_config.json': { damage: flip(0.5) } }) },
  'lasting/damage': { error: 'integrity', ...faulty('tiny-bert', { 'model.safetensors': { damage: flip(0.9) } }) },
  'lasting/page': { error: 'content', ...faulty('tiny-bert', { 'tokenizer.json': { type: 'text/html', damage: () => Buffer.from('<!doctype html>') } }) },
  'lasting/page-for-weights': { error: 'content', ...faulty('tiny-bert', { 'model.safetensors': { type: 'text/html', damage: () => Buffer.from('<!doctype html>') } }) },
  'lasting/shard-absent': { error: 'not-found', ...sharded({ 'model-00002-of-00003.safetensors': { absent: true } }) },
  'lasting/shard-damage': { error: 'integrity', ...sharded({ 'model-00001-of-00003.safetensors': { damage: flip(0.9) } }) },
};

/** The classifiers of `tests/golden/hub/`, each with what Python answers; served as `tiny/<name>`. */
export const CLASSIFIERS = ['tiny-bert', 'tiny-roberta', 'tiny-distilbert', 'tiny-regression', 'tiny-deberta', 'tiny-modernbert', 'tiny-bart'];

/** @type {Record<string, import('./fake_hub.mjs').Repository>} */
export const REPOSITORIES = {
  ...Object.fromEntries([...CLASSIFIERS, 'bare-bert'].map((name) => [`tiny/${name}`, { folder: golden(name) }])),
  ...PASSING,
  ...LASTING,
  'tiny/sharded': sharded(),
  'tiny/large': { folder: golden('tiny-bert'), files: { 'model.safetensors': padded('tiny-bert', 12_000_000) } },
  'tiny/large-stalled': {
    folder: golden('tiny-bert'), files: { 'model.safetensors': padded('tiny-bert', 12_000_000) },
    faults: { 'model.safetensors': { stallAfter: 0.6, times: 1 } },
  },
  'tiny/pickled': pickled(),
  'pickled/by-others': pickled({ author: 'somebody' }),
  'pickled/closed': pickled({ status: 'closed' }),
  'pickled/outdated': pickled({ onTopOf: 'f'.repeat(40) }),
  'tiny/stalled': faulty('tiny-bert', { 'model.safetensors': { stallAfter: 0.5 } }),
  'tiny/broken-json': faulty('tiny-bert', { 'config.json': { change: (bytes) => bytes.subarray(0, bytes.length / 2) } }),
  'tiny/html': faulty('tiny-bert', {
    'config.json': { type: 'text/html', damage: () => Buffer.from('<!doctype html><title>Sign in to the network</title>') },
  }),
  'tiny/no-weights': faulty('tiny-bert', { 'model.safetensors': { absent: true } }),
  'tiny/truncated': faulty('tiny-bert', { 'model.safetensors': { change: (bytes) => bytes.subarray(0, bytes.length * 0.6) } }),
  'tiny/dropped': faulty('tiny-bert', { 'model.safetensors': { breakAfter: 0.5 } }),
  'tiny/unsupported': faulty('tiny-bert', { 'config.json': { change: changeJson((config) => ({ ...config, model_type: 'llama' })) } }),
  'tiny/gated': {
    folder: golden('tiny-bert'),
    token: 'hf_secret',
    refusal: { status: 401, code: 'GatedRepo', message: 'Access to model tiny/gated is restricted. You must be authenticated to access it.' },
  },
};
