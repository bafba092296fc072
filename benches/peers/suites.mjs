/** What is compared: suites of engines on the same rows. A page is opened for each suite, its engines are all in it. */

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {'headwise' | 'peer'} side
 * @property {'fp32' | 'q8'} dtype
 * @property {string} adapter   a file of `engines/`
 * @property {object} options   what the adapter is opened with
 * @property {boolean} [onPage] on the page's own thread, not in a worker
 */

/**
 * @typedef {object} Suite
 * @property {string} title
 * @property {string} model  a folder of `models/`
 * @property {'ids' | 'texts'} kind
 * @property {string[]} rows
 * @property {Contender[]} contenders
 */

/** @type {(name: string, dtype: 'fp32' | 'q8', file: string) => Contender} */
const ort = (name, dtype, file) => ({ name: `ort ${name}`, side: 'peer', dtype, adapter: 'ort', options: { file } });

/** @type {(dtype: 'fp32' | 'q8') => Contender} */
const transformers = (dtype) => ({ name: `transformers.js ${dtype}`, side: 'peer', dtype, adapter: 'transformers', options: { dtype } });

/** @type {(variant: string, dtype: 'fp32' | 'q8', options?: {dot?: 'add' | 'pair', texts?: boolean, all?: boolean}) => Contender} */
const headwise = (variant, dtype, options = {}) => ({
  name: ['headwise', dtype, variant, options.dot ?? [], options.all ? 'all tokens' : []].flat().join(' '),
  side: 'headwise', dtype, adapter: 'headwise', options: { variant, dtype, ...options },
});

const ORT = [
  ort('fp32', 'fp32', 'model'),
  ort('fp32 fused', 'fp32', 'model_fused'),
  ort('q8', 'q8', 'model_quantized'),
  ort('q8 fused', 'q8', 'model_fused_quantized'),
];

const HEADWISE = [
  headwise('relaxed', 'fp32'),
  headwise('relaxed', 'fp32', { all: true }), // what a token head needs
  headwise('simd128', 'fp32'),
  headwise('relaxed', 'q8'), // the form of the dot product that headwise picks itself
  headwise('relaxed', 'q8', { dot: 'add' }),
  headwise('relaxed', 'q8', { dot: 'pair' }),
  headwise('simd128', 'q8'),
];

/** @type {Record<string, Suite>} */
export const SUITES = {
  ids: {
    title: 'all-MiniLM-L6-v2 with a head of 2 labels, token ids → logits',
    model: 'minilm',
    kind: 'ids',
    rows: ['1×8', '1×32', '1×128', '1×512', '8×128', '8 mixed', '8 mixed, singly'],
    contenders: [...ORT, transformers('fp32'), transformers('q8'), ...HEADWISE],
  },
  texts: {
    title: 'the same model, text → label',
    model: 'minilm',
    kind: 'texts',
    rows: ['1×8', '1×32', '1×128', '8 mixed'],
    contenders: [
      transformers('fp32'),
      transformers('q8'),
      { name: 'transformers.js as in its README', side: 'peer', dtype: 'q8', adapter: 'transformers', options: {}, onPage: true },
      headwise('relaxed', 'fp32', { texts: true }),
      headwise('simd128', 'fp32', { texts: true }),
      headwise('relaxed', 'q8', { texts: true }),
      headwise('simd128', 'q8', { texts: true }),
    ],
  },
  base: {
    title: 'RoBERTa base (12 layers × 768), random weights, token ids → logits',
    model: 'roberta',
    kind: 'ids',
    rows: ['1×8', '1×32', '1×128'],
    contenders: [...ORT, ...HEADWISE],
  },
};
