/**
 * How far loading is, told as events. `progress_total` starts when the size of everything is known,
 * so that its `total` never changes and its `loaded` never falls.
 */

/**
 * `name` is the model, `progress` a percentage, `loaded` and `total` are bytes. A file that does not
 * exist is never announced. `ready` comes last, from the pipeline itself.
 * @typedef {{status: 'initiate', name: string, file: string}
 *   | {status: 'download', name: string, file: string}
 *   | {status: 'progress', name: string, file: string, progress: number, loaded: number, total: number}
 *   | {status: 'progress_total', name: string, progress: number, loaded: number, total: number,
 *      files: Record<string, {loaded: number, total: number}>}
 *   | {status: 'done', name: string, file: string}
 *   | {status: 'ready', task: string, model: string}} ProgressEvent
 */

/** Milliseconds between two reports of a file that is arriving: as often as an eye can use. */
const INTERVAL = 50;

/** Watches the files of one model arrive and reports it. */
export class Progress {
  /** @type {(status: ProgressEvent['status'], event: object) => void} */
  #report;
  /** @type {Record<string, {loaded: number, total: number}>} */
  #files = {};
  #reported = -Infinity;

  /**
   * @param {string} name the model
   * @param {(event: ProgressEvent) => void} report
   */
  constructor(name, report) {
    this.#report = (status, event) => report(/** @type {any} */ ({ status, name, ...event }));
  }

  /** A file begins to arrive. @param {string} file */
  begin(file) {
    this.#report('initiate', { file });
    this.#report('download', { file });
  }

  /**
   * A small file has arrived as a whole; a compressed one has no known size before.
   * @param {string} file
   * @param {number} size
   */
  arrived(file, size) {
    this.#files[file] = { loaded: size, total: size };
    this.#reportFile(file);
    this.#report('done', { file });
  }

  /**
   * The sizes of all files that are still to come.
   * @param {Record<string, number>} sizes
   */
  expect(sizes) {
    for (const [file, total] of Object.entries(sizes)) this.#files[file] ??= { loaded: 0, total };
  }

  /**
   * More of an expected file has arrived. What has to be fetched again is not told.
   * @param {string} file
   * @param {number} loaded
   */
  advance(file, loaded) {
    const entry = this.#files[file];
    entry.loaded = Math.max(entry.loaded, Math.min(loaded, entry.total));
    if (performance.now() - this.#reported < INTERVAL) return;
    this.#reportFile(file);
    this.#reportTotal();
    this.#reported = performance.now();
  }

  /** The expected files have arrived, and with them everything. @param {string[]} files */
  complete(files) {
    for (const file of files) this.#reportFile(file);
    this.#reportTotal();
    for (const file of files) this.#report('done', { file });
  }

  /** @param {string} file */
  #reportFile(file) {
    const { loaded, total } = this.#files[file];
    this.#report('progress', { file, progress: percent(loaded, total), loaded, total });
  }

  #reportTotal() {
    const sizes = Object.values(this.#files);
    const loaded = sizes.reduce((sum, file) => sum + file.loaded, 0);
    const total = sizes.reduce((sum, file) => sum + file.total, 0);
    this.#report('progress_total', { progress: percent(loaded, total), loaded, total, files: structuredClone(this.#files) });
  }
}

/** @param {number} loaded @param {number} total */
function percent(loaded, total) {
  return total ? 100 * loaded / total : 100;
}
