/**
 * One engine and the clock beside it. It runs in a worker of its own (`worker.js`), or on the page where an engine is
 * to be used just so. One request is handled at a time; the driver asks only one engine at a time.
 */

/**
 * @typedef {object} Workload  made by `models.py`
 * @property {string[]} inputs
 * @property {number} pad
 * @property {Record<string, number[][]>} rows
 * @property {Record<string, string[]>} [texts]
 */

/** @typedef {{name: string, url: string, workload: Workload}} Model */

/**
 * `prepare…` makes ready whatever may be made before the clock starts; what it returns is timed.
 *
 * @typedef {object} Engine
 * @property {string} about  name and version
 * @property {(sequences: number[][]) => () => Promise<ArrayLike<number>>} [prepareIds]  logits, sequence by sequence
 * @property {(texts: string[]) => () => Promise<{label: string, score: number}[]>} [prepareTexts]  the best label of each
 */

/** Shorter samples would drown in the resolution of the clock, 0.1 ms where a page is not isolated. */
const SAMPLE_MS = 25;

/** @type {Model} */
let model;
/** @type {Engine} */
let engine;
/** @type {Map<string, () => Promise<unknown>>} */
const prepared = new Map();

/** Rows whose sequences are given one after the other have this ending. */
const SINGLY = ', singly';

/**
 * @param {'ids' | 'texts'} kind
 * @param {string} row
 * @returns {() => Promise<any>}
 */
function prepare(kind, row) {
  const inputs = /** @type {any} */ (kind === 'ids' ? model.workload.rows : model.workload.texts)[row.replace(SINGLY, '')];
  const make = /** @type {any} */ (kind === 'ids' ? engine.prepareIds : engine.prepareTexts);
  if (!row.endsWith(SINGLY)) return make(inputs);
  const runs = inputs.map((/** @type {any} */ input) => make([input]));
  return async () => {
    const answers = [];
    for (const run of runs) answers.push(...await run());
    return answers;
  };
}

/** @type {Record<string, (request: any) => Promise<any>>} */
const verbs = {
  async open({ adapter, options, name, url }) {
    const workload = await (await fetch(`${url}workload.json`)).json();
    model = { name, url, workload };
    engine = await (await import(`./engines/${adapter}.js`)).open(model, options);
    return engine.about;
  },

  /** The answer to a row, which is also its first run. */
  async answer({ kind, row }) {
    prepared.set(row, prepare(kind, row));
    return Array.from(await /** @type {any} */ (prepared.get(row))());
  },

  /** Runs every row in turn until the time is over, the first rows at least. */
  async warm({ kind, rows, ms }) {
    for (let start = performance.now(), turn = 0; performance.now() - start < ms; turn += 1) {
      await prepare(kind, rows[turn % rows.length])();
    }
  },

  /** Milliseconds of a call, the mean of as many as make a sample. */
  async sample({ row }) {
    const run = /** @type {() => Promise<unknown>} */ (prepared.get(row));
    const start = performance.now();
    let [calls, elapsed] = [0, 0];
    do {
      await run();
      calls += 1;
      elapsed = performance.now() - start;
    } while (elapsed < SAMPLE_MS);
    return elapsed / calls;
  },
};

/** @param {{verb: string}} request */
export const handle = (request) => verbs[request.verb](request);
