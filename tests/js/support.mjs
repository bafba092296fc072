/** What several tests stand on: a web server and a stand-in for the generated WASM module. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

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
 * A module like the generated one, over a classifier that scores a label by its place. A text that
 * begins with “slow” takes a thousand slices, “refuse” is an error with a code, “panic” traps, and
 * then nothing may be touched any more. `alive` counts what was made and neither freed nor consumed;
 * `log` tells which texts were started and finished, `opened` which modules were asked for.
 */
export function fakeGlue() {
  const state = { alive: 0, trapped: false, log: [], opened: [] };
  const refuse = (code, message) => {
    throw Object.assign(new Error(message), { name: 'HeadwiseError', code, details: { fake: true } });
  };
  class Held {
    constructor() {
      state.alive += 1;
    }
    free() {
      if (state.trapped) throw new WebAssembly.RuntimeError('used after a trap');
      state.alive -= 1;
    }
  }
  class Loader extends Held {
    constructor({ 'model.safetensors.index.json': index, ...files }, { dtype = 'auto', max_memory = Infinity, new_head }) {
      super();
      this.files = index ? JSON.parse(new TextDecoder().decode(index)).shards : ['model.safetensors'];
      this.loaded = this.files.map(() => 0);
      this.totals = this.files.map(() => undefined);
      this.small = files;
      this.dtype = dtype !== 'auto' ? dtype : max_memory < 1000 ? 'q8' : 'fp32';
      this.labels = new_head?.labels ?? JSON.parse(new TextDecoder().decode(files['config.json'])).labels;
      this.drawn = new_head ? ['classifier.weight'] : [];
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
      return new TextClassifier(this.labels, Object.keys(this.small), this.dtype, this.drawn);
    }
  }
  class TextClassifier extends Held {
    constructor(labels, files, dtype, drawn) {
      super();
      const [, variant] = /headwise_(\w+)\.wasm$/.exec(state.opened.at(-1));
      this.info = { labels, files: files.sort(), dtype, variant, max_length: 512, head: { new: drawn }, unexpected: [] };
    }
    start(inputs, options) {
      return new Run(this.info.labels, inputs, options);
    }
  }
  class Run extends Held {
    slices = 0;
    constructor(labels, inputs, options) {
      super();
      Object.assign(this, { labels, inputs, options });
      this.#log('start');
    }
    #log(what) {
      state.log.push(...this.inputs.map(({ text }) => `${what} ${text}`));
    }
    step() {
      const text = this.inputs[0]?.text ?? '';
      if (text.startsWith('panic')) {
        state.trapped = true;
        throw new WebAssembly.RuntimeError('unreachable');
      }
      if (text.startsWith('refuse')) refuse('input', 'refused');
      return ++this.slices >= (text.startsWith('slow') ? 1000 : 2);
    }
    finish() {
      this.free();
      const { top_k = 1 } = this.options;
      this.#log('finish');
      const scores = this.labels.map((label, place) => ({ label, score: 1 / (place + 1) }));
      return {
        results: this.inputs.map(() => scores.slice(0, top_k ?? undefined)),
        inputs: this.inputs.map(({ text }) => ({ tokens: text.length + 2, truncated: false, text_end: text.length })),
      };
    }
  }
  const init = async ({ module_or_path }) => {
    state.opened.push(`${module_or_path}`.split('/').at(-1));
    if (`${module_or_path}`.endsWith('absent.wasm')) throw new TypeError('404');
  };
  return { state, init, glue: { Loader, Sha256, take_panic: () => 'index out of bounds' } };
}

/** Collects what a promise is rejected with. */
export async function failure(promise) {
  return promise.then((value) => { throw new Error(`resolved to ${JSON.stringify(value)}`); }, (error) => error);
}
