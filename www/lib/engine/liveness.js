/**
 * Whether a worker that says nothing still lives: no event tells that one was terminated, and one that computes reads no
 * messages.
 *
 * An engine holds a lock as long as it has work, which ends with its thread, however that ends; without work it answers
 * at once. So a worker may compute as long as it likes, and nothing is asked unless it is silent for a while.
 */

/** Milliseconds of silence before each look. */
const SILENCE = 1000;
/** Looks at a worker without a lock and without a word until it counts as lost. */
const LOOKS = 3;
/** The same where there are no locks, or where the worker has never said anything: it may still be on its way. */
const MANY_LOOKS = 300;

/** Of the engine: holds a lock while there is work. */
export class Busy {
  #busy = false;
  #release = () => {};

  /** @param {string | undefined} lock its name, if there is somebody who looks */
  begin(lock) {
    this.#busy = true;
    if (lock === undefined) return;
    const held = () => (this.#busy ? new Promise((resolve) => { this.#release = () => resolve(undefined); }) : undefined);
    // Frames without an origin have locks in name only.
    globalThis.navigator?.locks?.request(lock, held).catch(() => {});
  }

  end() {
    this.#busy = false;
    this.#release();
  }
}

/** Of the client: looks after an engine that owes an answer. */
export class Watch {
  /** Whether it has ever said anything. */
  alive = false;
  #lock;
  #ask;
  #onLost;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #looks = 0;

  /**
   * @param {string} lock
   * @param {() => void} ask for a sign of life
   * @param {() => void} onLost
   */
  constructor(lock, ask, onLost) {
    this.#lock = lock;
    this.#ask = ask;
    this.#onLost = onLost;
  }

  /** Something is awaited. */
  wait() {
    this.#timer ??= setTimeout(() => this.#look(), SILENCE);
  }

  /** Nothing is awaited any more. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** A sign of life has come. */
  heard() {
    this.alive = true;
    this.#looks = 0;
    this.stop();
  }

  async #look() {
    const timer = this.#timer;
    const held = await isHeld(this.#lock);
    if (timer !== this.#timer) return;
    this.stop();
    this.#looks = held ? 0 : this.#looks + 1;
    if (this.#looks >= (held === undefined || !this.alive ? MANY_LOOKS : LOOKS)) return this.#onLost();
    if (this.#looks === 1) this.#ask();
    this.wait();
  }
}

/** Whether somebody has a lock, or is about to; `undefined` where nobody can tell. @param {string} name */
async function isHeld(name) {
  try {
    const { held = [], pending = [] } = await navigator.locks.query();
    return [...held, ...pending].some((lock) => lock.name === name);
  } catch {
    return undefined;
  }
}
