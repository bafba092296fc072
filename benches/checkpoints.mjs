/**
 * Checkpoints of real size for benchmarks, made here instead of downloaded: the tensors, the configuration and the kind
 * of tokenizer of models that people use, with random weights and invented words. They classify nonsense in the time and
 * in the memory of the real ones.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { ROOT } from '../tests/e2e/harness.mjs';
import { tokenizerJson } from './vocabularies.mjs';

/** Where they are kept, in the checkout; no repository. */
const FOLDER = 'target/models/';

/**
 * @typedef {object} Size
 * @property {'bert' | 'roberta' | 'xlm-roberta'} type
 * @property {number} words
 * @property {number} layers
 * @property {number} hidden   the feed-forward layers are four times as wide; a head is 32 or 64 wide
 * @property {number} heads
 * @property {number} positions
 * @property {number} shards
 */

/** @type {Record<string, Size>} */
export const SIZES = {
  'minilm-l6': { type: 'bert', words: 30_522, layers: 6, hidden: 384, heads: 12, positions: 512, shards: 1 },
  'roberta-base': { type: 'roberta', words: 50_265, layers: 12, hidden: 768, heads: 12, positions: 514, shards: 1 },
  'xlm-roberta-base': { type: 'xlm-roberta', words: 250_002, layers: 12, hidden: 768, heads: 12, positions: 514, shards: 2 },
};

const CLASSES = { bert: 'Bert', roberta: 'Roberta', 'xlm-roberta': 'XLMRoberta' };

/** Name and shape. @typedef {[string, number[]]} Tensor */

/**
 * The folder of a checkpoint, relative to the checkout; written unless it is there.
 *
 * @param {string} name one of `SIZES`
 * @returns {Promise<string>} ends in a slash
 */
export async function checkpoint(name) {
  const folder = `${FOLDER}${name}/`;
  if (existsSync(ROOT + folder)) return folder;
  const half = `${ROOT}${FOLDER}${name}.part/`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  const size = SIZES[name];
  await writeFile(`${half}config.json`, JSON.stringify(configOf(size), null, 2));
  await writeFile(`${half}tokenizer.json`, tokenizerJson(size.type, size.words));
  await writeFile(`${half}tokenizer_config.json`, JSON.stringify({ model_max_length: 512 }, null, 2));
  await writeWeights(half, tensorsOf(size), size.shards);
  await rename(half, ROOT + folder);
  return folder;
}

/** @param {Size} size */
function configOf({ type, words, layers, hidden, heads, positions }) {
  return {
    architectures: [`${CLASSES[type]}ForSequenceClassification`],
    model_type: type,
    vocab_size: words,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 4 * hidden,
    hidden_act: 'gelu',
    max_position_embeddings: positions,
    type_vocab_size: type === 'bert' ? 2 : 1,
    layer_norm_eps: type === 'bert' ? 1e-12 : 1e-5,
    pad_token_id: type === 'bert' ? 0 : 1,
    id2label: { 0: 'negative', 1: 'positive' },
    label2id: { negative: 0, positive: 1 },
  };
}

/** @param {Size} size @returns {Tensor[]} */
function tensorsOf({ type, words, layers, hidden, positions }) {
  const encoder = type === 'bert' ? 'bert' : 'roberta';
  /** @param {string} name @param {number} outputs @param {number} [inputs] @returns {Tensor[]} */
  const linear = (name, outputs, inputs = hidden) => [[`${name}.weight`, [outputs, inputs]], [`${name}.bias`, [outputs]]];
  /** @param {string} name @returns {Tensor[]} */
  const norm = (name) => [[`${name}.weight`, [hidden]], [`${name}.bias`, [hidden]]];
  /** @param {string} layer */
  const layer = (layer) => [
    ...['query', 'key', 'value'].flatMap((part) => linear(`${layer}.attention.self.${part}`, hidden)),
    ...linear(`${layer}.attention.output.dense`, hidden),
    ...norm(`${layer}.attention.output.LayerNorm`),
    ...linear(`${layer}.intermediate.dense`, 4 * hidden),
    ...linear(`${layer}.output.dense`, hidden, 4 * hidden),
    ...norm(`${layer}.output.LayerNorm`),
  ];
  const head = type === 'bert'
    ? [...linear('bert.pooler.dense', hidden), ...linear('classifier', 2)]
    : [...linear('classifier.dense', hidden), ...linear('classifier.out_proj', 2)];
  return [
    [`${encoder}.embeddings.word_embeddings.weight`, [words, hidden]],
    [`${encoder}.embeddings.position_embeddings.weight`, [positions, hidden]],
    [`${encoder}.embeddings.token_type_embeddings.weight`, [type === 'bert' ? 2 : 1, hidden]],
    ...norm(`${encoder}.embeddings.LayerNorm`),
    ...Array.from({ length: layers }, (_, index) => layer(`${encoder}.encoder.layer.${index}`)).flat(),
    ...head,
  ];
}

/** @param {number[]} shape */
const elementsOf = (shape) => shape.reduce((product, size) => product * size, 1);

/**
 * One file, or shards of about the same size with their index.
 *
 * @param {string} folder
 * @param {Tensor[]} tensors
 * @param {number} shards
 */
async function writeWeights(folder, tensors, shards) {
  if (shards === 1) return writeShard(`${folder}model.safetensors`, tensors);
  const total = tensors.reduce((sum, [, shape]) => sum + 4 * elementsOf(shape), 0);
  /** @type {Tensor[][]} */
  const files = Array.from({ length: shards }, () => []);
  let before = 0;
  for (const tensor of tensors) {
    files[Math.floor((before * shards) / total)].push(tensor);
    before += 4 * elementsOf(tensor[1]);
  }
  /** @param {number} number */
  const nameOf = (number) => `model-${String(number + 1).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}.safetensors`;
  const weightMap = files.flatMap((tensors, number) => tensors.map(([name]) => [name, nameOf(number)]));
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
  await writeFile(`${folder}model.safetensors.index.json`, JSON.stringify(index, null, 2));
  for (const [number, tensors] of files.entries()) await writeShard(folder + nameOf(number), tensors);
}

/** Numbers written at once. */
const BLOCK = 1 << 20;

/**
 * @param {string} path
 * @param {Tensor[]} tensors
 */
async function writeShard(path, tensors) {
  let end = 0;
  const entries = tensors.map(([name, shape]) => {
    const start = end;
    end += 4 * elementsOf(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  const json = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  const file = await open(path, 'w');
  await file.write(header);
  const block = new Float32Array(BLOCK);
  for (const [name, shape] of tensors) {
    const fill = filler(name);
    for (let left = elementsOf(shape); left > 0; left -= BLOCK) {
      const part = block.subarray(0, Math.min(BLOCK, left));
      fill(part);
      await file.write(new Uint8Array(part.buffer, 0, part.byteLength));
    }
  }
  await file.close();
}

/**
 * What writes the next numbers of a tensor: weights as they are before training, evenly between ±0.035.
 *
 * @param {string} name
 * @returns {(numbers: Float32Array) => void}
 */
function filler(name) {
  if (name.endsWith('.bias')) return (numbers) => { numbers.fill(0); };
  if (name.endsWith('LayerNorm.weight')) return (numbers) => { numbers.fill(1); };
  let state = Array.from(name).reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193), 0x811c_9dc5);
  return (numbers) => {
    for (let index = 0; index < numbers.length; index += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      numbers[index] = state * (0.035 / 0x8000_0000);
    }
  };
}
