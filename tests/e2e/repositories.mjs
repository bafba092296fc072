/** The repositories of the fake Hub: the sound ones of `tests/golden/hub/`, and those with exactly one thing wrong. */
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

/** The classifiers of `tests/golden/hub/`, each with what Python answers; served as `tiny/<name>`. */
export const CLASSIFIERS = ['tiny-bert', 'tiny-roberta', 'tiny-distilbert', 'tiny-regression', 'tiny-deberta', 'tiny-modernbert', 'tiny-bart'];

/** @type {Record<string, import('./fake_hub.mjs').Repository>} */
export const REPOSITORIES = {
  ...Object.fromEntries([...CLASSIFIERS, 'bare-bert'].map((name) => [`tiny/${name}`, { folder: golden(name) }])),
  'tiny/stalled': faulty('tiny-bert', { 'model.safetensors': { stallAfter: 0.5 } }),
  'tiny/broken-json': faulty('tiny-bert', { 'config.json': { change: (bytes) => bytes.subarray(0, bytes.length / 2) } }),
  'tiny/html': faulty('tiny-bert', {
    'config.json': { type: 'text/html', change: () => Buffer.from('<!doctype html><title>Sign in to the network</title>') },
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
