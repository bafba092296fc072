/** The repositories of the fake Hub: the sound ones of `tests/golden/hub/`, and those with exactly one thing wrong. */
import { fileURLToPath } from 'node:url';
import { readSafetensors, writeSafetensors } from './safetensors.mjs';

/** The sound model that those with something wrong are made of. */
export const GOOD = 'tiny/tiny-bert';

/** @param {string} name */
const golden = (name) => fileURLToPath(new URL(`../golden/hub/${name}/`, import.meta.url));

/** The files of the sound model. */
const folder = golden('tiny-bert');

/** @param {Record<string, import('./fake_hub.mjs').Fault>} faults */
const faulty = (faults) => ({ folder, faults });

/** @param {(config: any) => object} change */
const changeJson = (change) => (/** @type {Buffer} */ bytes) =>
  Buffer.from(JSON.stringify(change(JSON.parse(bytes.toString()))));

/** What comes behind is lacking. @param {number} share of the bytes that are left */
export const cut = (share) => (/** @type {Buffer} */ bytes) => bytes.subarray(0, bytes.length * share);

/** One byte is another. @param {number} share of the bytes before it */
const flip = (share) => (/** @type {Buffer} */ bytes) => {
  const damaged = Buffer.from(bytes);
  damaged[Math.floor(damaged.length * share)] ^= 1;
  return damaged;
};

/** A page in place of a file. */
export const HTML = { type: 'text/html', damage: () => Buffer.from('<!doctype html>') };

/**
 * The weights in several files, tensor by tensor in turn.
 *
 * @param {number} count
 * @returns {Record<string, Buffer>}
 */
function shards(count) {
  const { header: { __metadata__, ...tensors }, data } = readSafetensors(`${folder}model.safetensors`);
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
      bodies.push(data.subarray(from, to));
      return [tensor, { ...entry, data_offsets: [end, end += to - from] }];
    }));
    files[file(shard)] = writeSafetensors(header, bodies);
  }
  const weight_map = Object.fromEntries(entries.map(({ tensor, shard }) => [tensor, file(shard)]));
  return { ...files, 'model.safetensors.index.json': Buffer.from(JSON.stringify({ metadata: {}, weight_map })) };
}

/** The weights with a tensor behind them that nobody needs. @param {number} length */
function padded(length) {
  const { header, data } = readSafetensors(`${folder}model.safetensors`);
  const padding = { dtype: 'F32', shape: [length / 4], data_offsets: [data.length, data.length + length] };
  return writeSafetensors({ ...header, padding }, [data, Buffer.alloc(length, 7)]);
}

/**
 * tiny-bert that lacks safetensors but for a pull request.
 *
 * @param {import('./fake_hub.mjs').Conversion} [conversion]
 */
const pickled = (conversion) => ({
  folder, files: { 'pytorch_model.bin': Buffer.from('pickle') }, conversion: conversion ?? {},
});

/**
 * tiny-bert in three files.
 *
 * @param {Record<string, import('./fake_hub.mjs').Fault>} [faults]
 */
const sharded = (faults) => ({
  folder, files: shards(3), faults: { 'model.safetensors': { absent: true }, ...faults },
});

/** tiny-bert with 12 MB of weights. */
const large = { folder, files: { 'model.safetensors': padded(12_000_000) } };

/** Faults of tiny-bert that pass, so that it loads in the end. @type {Record<string, import('./fake_hub.mjs').Repository>} */
export const PASSING = {
  'passing/busy': faulty({
    'config.json': { status: 429, retryAfter: '1', times: 1 }, 'model.safetensors': { status: 429, times: 2 },
  }),
  'passing/unavailable': faulty({
    'tokenizer.json': { status: 503, times: 2 }, 'model.safetensors': { status: 502, times: 1 },
  }),
  'passing/small-drop': faulty({ 'tokenizer.json': { breakAfter: 0.5, times: 1 } }),
  'passing/drop': faulty({ 'model.safetensors': { breakAfter: 0.5, times: 2 } }),
  'passing/drop-no-ranges': faulty({ 'model.safetensors': { breakAfter: 0.5, times: 2, noRanges: true } }),
  'passing/short': faulty({ 'model.safetensors': { damage: cut(0.6), times: 1 } }),
  'passing/small-damage': faulty({ 'tokenizer.json': { damage: flip(0.5), times: 1 } }),
  'passing/damage': faulty({ 'model.safetensors': { damage: flip(0.9), times: 1 } }),
  'passing/header-damage': faulty({ 'model.safetensors': { damage: flip(0), times: 1 } }),
  'passing/shards': sharded(),
  'passing/shard-drop': sharded({ 'model-00002-of-00003.safetensors': { breakAfter: 0.5, times: 1 } }),
  'passing/shard-damage': sharded({ 'model-00003-of-00003.safetensors': { damage: flip(0.9), times: 1 } }),
};

/** Faults of tiny-bert that last. @type {Record<string, import('./fake_hub.mjs').Repository & {error: string}>} */
export const LASTING = {
  'lasting/busy': { error: 'rate-limited', ...faulty({ 'config.json': { status: 429 } }) },
  'lasting/unavailable': { error: 'http', ...faulty({ 'model.safetensors': { status: 503 } }) },
  'lasting/drop': { error: 'network', ...faulty({ 'model.safetensors': { breakAfter: 0.5 } }) },
  'lasting/short': { error: 'integrity', ...faulty({ 'model.safetensors': { damage: cut(0.6) } }) },
  'lasting/long': {
    error: 'integrity', ...faulty({ 'model.safetensors': { damage: (bytes) => Buffer.concat([bytes, bytes]) } }),
  },
  'lasting/small-damage': { error: 'integrity', ...faulty({ 'tokenizer_config.json': { damage: flip(0.5) } }) },
  'lasting/damage': { error: 'integrity', ...faulty({ 'model.safetensors': { damage: flip(0.9) } }) },
  'lasting/page': { error: 'content', ...faulty({ 'tokenizer.json': HTML }) },
  'lasting/page-for-weights': { error: 'content', ...faulty({ 'model.safetensors': HTML }) },
  'lasting/shard-absent': { error: 'not-found', ...sharded({ 'model-00002-of-00003.safetensors': { absent: true } }) },
  'lasting/shard-damage': {
    error: 'integrity', ...sharded({ 'model-00001-of-00003.safetensors': { damage: flip(0.9) } }),
  },
};

/** The classifiers of `tests/golden/hub/`, each with what Python answers; served as `tiny/<name>`. */
export const CLASSIFIERS = ['tiny-bert', 'tiny-roberta', 'tiny-distilbert', 'tiny-regression', 'tiny-deberta', 'tiny-modernbert', 'tiny-bart'];

/** @type {Record<string, import('./fake_hub.mjs').Repository>} */
export const REPOSITORIES = {
  ...Object.fromEntries([...CLASSIFIERS, 'bare-bert'].map((name) => [`tiny/${name}`, { folder: golden(name) }])),
  ...PASSING,
  ...LASTING,
  'tiny/sharded': sharded(),
  'tiny/large': large,
  'tiny/large-stalled': { ...large, faults: { 'model.safetensors': { stallAfter: 0.6, times: 1 } } },
  'tiny/pickled': pickled(),
  'pickled/by-others': pickled({ author: 'somebody' }),
  'pickled/closed': pickled({ status: 'closed' }),
  'pickled/outdated': pickled({ onTopOf: 'f'.repeat(40) }),
  'tiny/stalled': faulty({ 'model.safetensors': { stallAfter: 0.5 } }),
  'tiny/broken-json': faulty({ 'config.json': { change: cut(0.5) } }),
  'tiny/html': faulty({
    'config.json': { ...HTML, damage: () => Buffer.from('<!doctype html><title>Sign in to the network</title>') },
  }),
  'tiny/no-weights': faulty({ 'model.safetensors': { absent: true } }),
  'tiny/truncated': faulty({ 'model.safetensors': { change: cut(0.6) } }),
  'tiny/dropped': faulty({ 'model.safetensors': { breakAfter: 0.5 } }),
  'tiny/unsupported': faulty({
    'config.json': { change: changeJson((config) => ({ ...config, model_type: 'llama' })) },
  }),
  'tiny/gated': {
    folder,
    token: 'hf_secret',
    refusal: {
      status: 401, code: 'GatedRepo',
      message: 'Access to model tiny/gated is restricted. You must be authenticated to access it.',
    },
  },
};
