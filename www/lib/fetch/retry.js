/**
 * Which failures of a request are worth another try, and how long to wait before it.
 */

import { HeadwiseError } from '../errors.js';
import { explained } from './unanswered.js';

/** Tries in a row that may fail. */
const TRIES = 4;
/** Milliseconds before the second try; each further wait is twice as long. */
const FIRST_WAIT = 500;
/** The longest wait, in milliseconds, that a server may ask for; beyond it people should be told. */
const LONGEST_WAIT = 60_000;

/** @typedef {(milliseconds: number, signal: AbortSignal) => Promise<void>} Wait */

/** Counts the failures of one thing, and waits between its tries. */
export class Patience {
  #signal;
  #wait;
  #tries;
  #failures = 0;

  /** @param {AbortSignal} signal @param {Wait} [wait] @param {number} [tries] until something is achieved */
  constructor(signal, wait = sleep, tries = TRIES) {
    this.#signal = signal;
    this.#wait = wait;
    this.#tries = tries;
  }

  /** Something was achieved: failures are counted anew. */
  renew() {
    this.#failures = 0;
    this.#tries = TRIES;
  }

  /**
   * Waits until it is time for the next try; throws the error of the last one if there will be none.
   * @param {unknown} error
   */
  async after(error) {
    this.#failures += 1;
    const wait = this.#failures < this.#tries ? waitAfter(error, this.#failures) : undefined;
    if (wait === undefined) throw await explained(error);
    await this.#wait(wait, this.#signal);
  }
}

/**
 * Milliseconds to wait after a failure, if it may pass. Half of the wait is random, so that clients
 * that failed together do not come back together.
 * @param {unknown} error
 * @param {number} failures in a row, this one included
 * @param {number} [random] in 0…1
 */
export function waitAfter(error, failures, random = Math.random()) {
  if (!isTransient(error)) return undefined;
  const asked = retryAfter(error.details.retry_after);
  if (asked !== undefined && asked > LONGEST_WAIT) return undefined;
  return Math.max(asked ?? 0, FIRST_WAIT * 2 ** (failures - 1) * (1 + random) / 2);
}

/**
 * Whether a failure may pass.
 * @param {unknown} error
 * @returns {error is HeadwiseError}
 */
export function isTransient(error) {
  if (!(error instanceof HeadwiseError)) return false;
  const { code, details: { status } } = error;
  if (code === 'network' || code === 'rate-limited') return true;
  return code === 'http' && (status === 408 || (status >= 500 && status !== 501 && status !== 505));
}

/**
 * A `Retry-After` header in milliseconds: it holds seconds, or a date.
 * @param {string | undefined} header
 */
function retryAfter(header) {
  if (header === undefined) return undefined;
  const milliseconds = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

/** Milliseconds after which a server that says nothing is taken for gone. */
const SILENCE = 30_000;

/**
 * The answer, or a `network` error if there is none in time.
 * @template T
 * @param {Promise<T>} answer
 * @param {Record<string, any> & {file: string}} details
 * @param {number} [milliseconds]
 * @returns {Promise<T>}
 */
export async function inTime(answer, details, milliseconds = SILENCE) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new HeadwiseError('network',
      `Nothing came for ${milliseconds / 1000} s while fetching ${details.file}.`, details)), milliseconds);
  });
  try {
    return await Promise.race([answer, /** @type {Promise<never>} */ (silence)]);
  } finally {
    clearTimeout(timer);
  }
}

/** @type {Wait} */
function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
