/** What several tests stand on: a web server and a stand-in for the generated WASM module. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Runtime } from '../../www/lib/runtime/runtime.js';
import { Store } from '../../www/lib/store/store.js';

/**
 * Serves `files` (path → body, or a function of request and response) until the test ends.
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string | Uint8Array | ((request: import('node:http').IncomingMessage,
 *   response: import('node:http').ServerResponse) => void)>} files
 * @returns {Promise<string>} its origin
 */
export async function startServer(t, files) {
  const server = createServer((request, response) => {
    const file = files[request.url];
    if (typeof file === 'function') file(request, response);
    else response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** A host whose modules are names for `init`, without a store and workers. */
export function hostOf(init, glue) {
  const modules = () => ({ relaxed: 'https://package/headwise_relaxed.wasm', simd128: 'https://package/headwise_simd128.wasm' });
  return { runtime: new Runtime(init, glue, async (url) => url), store: new Store({}), modules, workers: [() => new Worker('')] };
}

/** The files of a model that the fake engine accepts. */
export function modelFiles(folder, weights = 1_000_000) {
  return {
    [`${folder}/config.json`]: '{"labels": ["good", "bad", "ugly"]}',
    [`${folder}/tokenizer.json`]: '{}',
    [`${folder}/model.safetensors`]: weightsOf(weights),
  };
}

/** A file of weights: 4 bytes tell how long it is. */
export function weightsOf(length) {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

/** SHA-256 as the generated module has it. */
export class Sha256 {
  #hash = createHash('sha256');
  update(chunk) {
    this.#hash.update(chunk);
  }
  digest() {
    return this.#hash.digest('hex');
  }
  free() {}
}

/**
 * A module like the generated one. Its classifier scores a label by its place; what other tasks answer to an input is
 * up to `answers`. A text that begins with “slow” takes a thousand slices, “refuse” is an error with a code; “panic”
 * traps, “tokenizer panic” within the tokenizer, “too much” for want of memory, and then nothing of the instance may be
 * touched any more. `alive` counts
 * what was made and neither freed nor consumed; `log` tells which texts were started and finished, `opened` which modules were asked for, `asked` what was.
 * @param {Record<string, (input: any, options: any) => unknown>} [answers]
 */
export function fakeGlue(answers = {}) {
  const state = { alive: 0, trapped: false, instance: 0, panic: undefined, log: [], opened: [], asked: [] };
  const refuse = (code, message, details) => {
    throw Object.assign(new Error(message), { name: 'HeadwiseError', code, details: { fake: true, ...details } });
  };
  const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
  const trap = (tokenizer) => {
    state.trapped = true;
    state.panic = tokenizer === undefined ? undefined : { message: 'index out of bounds', tokenizer };
    throw new WebAssembly.RuntimeError('unreachable');
  };
  class Held {
    instance = state.instance;
    constructor() {
      this.check();
      state.alive += 1;
    }
    check() {
      if (state.trapped || this.instance !== state.instance) throw new WebAssembly.RuntimeError('used after a trap');
    }
    free() {
      this.check();
      state.alive -= 1;
    }
  }
  /** What loads have in common: `make` is what comes of it. */
  class Loader extends Held {
    constructor({ 'model.safetensors.index.json': index, 'modules.json': modules, ...files }, options) {
      super();
      const { folder = '', more = [] } = modules ? json(modules)[0] : {};
      this.files = [...index ? json(index).shards : [`${folder}model.safetensors`], ...more];
      this.loaded = this.files.map(() => 0);
      this.totals = this.files.map(() => undefined);
      const tokenizers = ['tokenizer.json', 'vocab.txt', 'sentencepiece.bpe.model', 'spiece.model', 'spm.model'];
      const { [`${folder}vocab.json`]: vocabulary, [`${folder}merges.txt`]: merges } = files;
      if (options.task && !tokenizers.some((name) => folder + name in files) && !(vocabulary && merges)) {
        this.free();
        refuse('tokenizer', 'none');
      }
      this.options = options;
      const { dtype = 'auto', max_memory = Infinity, new_head } = options;
      const [, variant] = /headwise_(\w+)\.wasm$/.exec(state.opened.at(-1));
      this.info = {
        labels: new_head?.labels ?? json(files[`${folder}config.json`]).labels, files: Object.keys(files).sort(), variant,
        dtype: dtype !== 'auto' ? dtype : max_memory < 1000 ? 'q8' : 'fp32', max_length: 512, mask_token: '[MASK]',
        head: { new: new_head ? ['classifier.weight'] : [] }, unexpected: [],
        warnings: new_head ? ['newly initialized are classifier.weight. Train it.'] : options.task?.startsWith('zero') ? ['no label is “entail”.'] : [],
      };
    }
    file_bytes(file) {
      return this.totals[file];
    }
    push(file, chunk) {
      // What comes before the last header has to be held, and who converts takes one file after the other.
      const waiting = this.totals.some((total) => total === undefined);
      const inTurn = this.files.every((_, other) => other >= file || this.loaded[other] === this.totals[other]);
      if (waiting ? chunk.length > 1 << 16 : !inTurn) refuse('option', `${chunk.length} bytes come before their turn`);
      this.totals[file] ??= new DataView(chunk.buffer, chunk.byteOffset).getUint32(0);
      this.loaded[file] += chunk.length;
    }
    finish() {
      this.free();
      const cut = this.files.findIndex((_, file) => this.loaded[file] !== this.totals[file]);
      if (cut >= 0) refuse('incomplete', `${this.loaded[cut]} of ${this.totals[cut]} bytes`);
      return this.options.head ? new BareModel(this.options.head, this.info) : new Pipeline(this.options.task, this.info);
    }
  }
  class Pipeline extends Held {
    constructor(task, info) {
      super();
      Object.assign(this, { info: { ...info, task } });
    }
    start(inputs, options) {
      this.check();
      state.asked.push({ task: this.info.task, inputs, options });
      return new Run(this.info, inputs, options);
    }
  }
  class Run extends Held {
    slices = 0;
    constructor({ labels, task }, inputs, options) {
      super();
      Object.assign(this, { labels, task, inputs, options });
      this.#log('start');
    }
    #log(what) {
      state.log.push(...this.inputs.map(({ text }) => `${what} ${text}`));
    }
    step() {
      this.check();
      const find = (word) => this.inputs.findIndex(({ text }) => text?.startsWith(word));
      if (find('panic') >= 0) trap(false);
      if (find('too much') >= 0) trap();
      if (find('tokenizer panic') >= 0) trap(true);
      const refused = find('refuse');
      if (refused >= 0) refuse('input', `Input ${refused}: refused.`, { input: refused });
      return ++this.slices >= (find('slow') === 0 ? 1000 : 2);
    }
    finish() {
      this.free();
      const { top_k = 1 } = this.options;
      this.#log('finish');
      const scores = this.labels.map((label, place) => ({ label, score: 1 / (place + 1) }));
      const answer = answers[this.task] ?? (() => scores.slice(0, top_k ?? undefined));
      const read = ({ text = '' }) => ({ tokens: text.length + 2, truncated: false, text_end: text.length });
      return { results: this.inputs.map((input) => answer(input, this.options)), inputs: this.inputs.map(read) };
    }
  }
  /** Answers with the number of its row, and to every layer with its head. */
  class BareModel extends Held {
    constructor(head, info) {
      super();
      Object.assign(this, { head, info });
    }
    start(rows, options) {
      state.asked.push({ head: this.head, rows, options });
      const { input_ids, length } = rows;
      const count = input_ids.length / length;
      const logits = { dims: [count, 1], data: Float32Array.from({ length: count }, (_, row) => row) };
      const outputs = { logits, ...options.output_hidden_states && { hidden_states: [logits, logits] } };
      return { step: () => true, finish: () => outputs, free() {} };
    }
  }
  /** A token for each character, between 1 and 2. */
  class TextTokenizer extends Held {
    info = {
      model_max_length: 8, padding_side: 'right', token_type_ids: true,
      special: { cls: { id: 1, token: '[CLS]' }, mask: null, pad: { id: 0, token: '[PAD]' }, sep: null, unk: { id: 3, token: '[UNK]' } },
    };
    constructor(files) {
      super();
      this.info.files = Object.keys(files).sort();
    }
    encode(inputs, options) {
      this.check();
      state.asked.push({ inputs, options });
      if (inputs[0]?.text.startsWith('panic')) trap(true);
      return inputs.map(({ text, text_pair = '' }) => {
        const input_ids = [1, ...[...text + text_pair].map((character) => character.codePointAt(0)), 2];
        return { input_ids, token_type_ids: input_ids.map((_, place) => Number(place > text.length)) };
      });
    }
    vocabulary() {
      return Object.assign([], { 0: '[PAD]', 97: 'a' });
    }
    decode(ids, skip_special_tokens) {
      return String.fromCodePoint(...ids.filter((id) => !skip_special_tokens || id > 3));
    }
  }
  const small_files = (task, asked) => {
    const modules = task === 'feature-extraction' ? asked['modules.json'] : undefined;
    const { folder = '', others = [] } = modules ? json(modules)[0] : {};
    const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
    const old = ['vocab.txt', 'vocab.json', 'merges.txt', 'bpe.codes', 'sentencepiece.bpe.model', 'spiece.model', 'spm.model'];
    const added = ['special_tokens_map.json', 'added_tokens.json'];
    if (`${folder}tokenizer.json` in asked && !asked[`${folder}tokenizer.json`]) names.push(...old);
    const settings = asked[`${folder}tokenizer_config.json`];
    if (`${folder}tokenizer_config.json` in asked && !(settings && 'added_tokens_decoder' in json(settings))) names.push(...added);
    const ofModules = task === 'feature-extraction' ? ['modules.json'] : [];
    return [...ofModules, ...names.map((name) => folder + name), ...others.map((other) => `${other}/config.json`)];
  };
  const init = ({ module }) => {
    state.opened.push(`${module}`.split('/').at(-1));
    if (`${module}`.endsWith('absent.wasm')) throw new TypeError('404');
  };
  const take_panic = () => {
    const { panic } = state;
    state.panic = undefined;
    return panic;
  };
  const __wbg_reset_state = () => {
    Object.assign(state, { trapped: false, instance: state.instance + 1, alive: 0 });
  };
  const glue = { Loader, TextTokenizer, Sha256, small_files, take_panic, __wbg_reset_state };
  return { state, init, glue };
}

/** A scope with a Cache in memory: `urls` is what it holds, `fails` which puts do, from 0 on, `room` the quota left. */
export function fakeScope({ fails = (/** @type {number} */ put) => false, room = Infinity } = {}) {
  /** @type {Map<string, Uint8Array>} */
  const urls = new Map();
  /** @type {Map<string, Headers>} */
  const headers = new Map();
  let puts = 0;
  const urlOf = (request) => request.url ?? request;
  const cache = {
    match: async (request) => urls.has(urlOf(request))
      ? new Response(urls.get(urlOf(request)), { headers: headers.get(urlOf(request)) }) : undefined,
    async put(request, response) {
      const bytes = new Uint8Array(await response.arrayBuffer());
      await new Promise(setImmediate);
      if (scope.fails(puts++)) throw new DOMException('full', 'QuotaExceededError');
      urls.set(urlOf(request), bytes);
      headers.set(urlOf(request), response.headers);
    },
    delete: async (request) => urls.delete(urlOf(request)),
    keys: async () => [...urls.keys()].map((url) => ({ url })),
  };
  const scope = {
    urls,
    fails,
    caches: { open: async () => cache },
    navigator: {
      storage: {
        estimate: async () => ({ usage: 1000, quota: 1000 + room }),
        persisted: async () => false,
        persist: async () => true,
      },
    },
  };
  return scope;
}

/** Collects what a promise is rejected with. */
export async function failure(promise) {
  return promise.then((value) => { throw new Error(`resolved to ${JSON.stringify(value)}`); }, (error) => error);
}
