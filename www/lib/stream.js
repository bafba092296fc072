/**
 * Rows of a source to their results, in order and with bounded memory: the source is read only a few batches ahead of
 * whoever takes the results. What the rows are, and how a batch is computed, `calls.js` knows.
 */

import { unlessAborted } from './base/abort.js';
import { isPiece, sizeOf } from './base/pieces.js';
import { HeadwiseError, behind } from './errors.js';
import { badInput } from './tasks/request.js';

/** Batches that are asked for at a time: one is computed while the results of the other are used. */
const AHEAD = 2;
/** Rows of the first batch, so that the first result comes soon; each further batch has twice as many. */
const FIRST = 8;
/** Rows of the largest batch. */
const MOST = 128;
/** Milliseconds that a batch waits for a slow source. */
const PATIENCE = 10;

/** @typedef {{result: unknown, error?: undefined} | {result?: undefined, error: HeadwiseError}} Outcome */

/** @typedef {(rows: unknown[], before: number) => Promise<Outcome[]>} Answer of rows after `before` others */

/**
 * @param {unknown} source
 * @param {Answer} answer
 * @param {AbortSignal | null} [signal]
 */
export async function* streamOf(source, answer, signal) {
  const batches = new Batches(iteratorOf(source));
  /** @type {Promise<Outcome[]>[]} */
  const asked = [];
  /** @type {Promise<unknown[]> | undefined} */
  let gathering;
  let [before, index] = [0, 0];
  try {
    for (;;) {
      if (asked.length < AHEAD && (gathering || !batches.over)) {
        const next = gathering ??= batches.next();
        // A source that makes us wait does not hold back what is computed.
        const batch = await unlessAborted([signal], () => Promise.race([next, ...asked.slice(0, 1).map((one) => one.then(() => undefined))]));
        if (batch) {
          gathering = undefined;
          const outcomes = outcomesOf(batch, before, answer);
          outcomes.catch(() => {}); // whoever awaits it hears of it
          asked.push(outcomes);
          before += batch.length;
          continue;
        }
      }
      const first = asked.shift();
      if (!first) break;
      for (const outcome of await unlessAborted([signal], () => first)) {
        if (signal?.aborted) throw signal.reason;
        yield { index, ...outcome };
        index += 1;
      }
    }
    if (batches.failure) throw batches.failure.error;
  } finally {
    batches.close();
  }
}

/**
 * What comes of each row. What fails because of one row is asked once more without it.
 * @param {unknown[]} rows
 * @param {number} before
 * @param {Answer} answer
 * @returns {Promise<Outcome[]>}
 */
async function outcomesOf(rows, before, answer) {
  if (rows.length === 0) return [];
  try {
    return await answer(rows, before);
  } catch (error) {
    const { input, panic } = error instanceof HeadwiseError ? error.details : {};
    if (input === undefined && panic === undefined) throw error;
    if (rows.length === 1) return [{ error: /** @type {HeadwiseError} */ (behind(error, before)) }];
    const bad = input < rows.length ? input : rows.length >> 1;
    /** @type {Outcome[]} */
    const outcomes = [];
    for (const part of [rows.slice(0, bad), rows.slice(bad, bad + 1), rows.slice(bad + 1)]) {
      outcomes.push(...await outcomesOf(part, before + outcomes.length, answer));
    }
    return outcomes;
  }
}

/** The rows of a source, some at a time. */
class Batches {
  /** Whether the source has no more. */
  over = false;
  /** Why, if not because it ended. @type {{error: unknown} | undefined} */
  failure;
  #rows;
  /** What the source was asked for last. @type {IteratorResult<unknown> | Promise<IteratorResult<unknown>> | undefined} */
  #reading;
  #most = FIRST;

  /** @param {Rows} rows */
  constructor(rows) {
    this.#rows = rows;
  }

  /** The next rows: as many as make a batch, or as come soon. */
  async next() {
    /** @type {unknown[]} */
    const batch = [];
    let size = 0;
    /** @type {Promise<undefined> | undefined} */
    let soon;
    while (!this.over && !isPiece(batch.length, size, this.#most)) {
      try {
        this.#reading ??= this.#rows.next();
        if (batch.length > 0) soon ??= new Promise((resolve) => { setTimeout(resolve, PATIENCE); });
        const row = await (soon ? Promise.race([this.#reading, soon]) : this.#reading);
        if (!row) break;
        this.#reading = undefined;
        if (row.done) {
          this.over = true;
        } else {
          batch.push(row.value);
          size += sizeOf(row.value);
        }
      } catch (error) {
        this.over = true;
        this.failure = { error };
      }
    }
    this.#most = Math.min(2 * this.#most, MOST);
    return batch;
  }

  /** Tells the source that nobody reads it any more. */
  close() {
    if (this.over) return;
    this.over = true;
    Promise.resolve(this.#rows.return?.()).catch(() => {});
  }
}

/** @typedef {{next: Iterator<unknown>['next'] | AsyncIterator<unknown>['next'], return?: () => unknown}} Rows */

/** @param {any} source @returns {Rows} */
function iteratorOf(source) {
  // Not every browser can iterate over a stream.
  if (typeof source?.getReader === 'function') {
    const reader = source.getReader();
    return { next: () => reader.read(), return: () => reader.cancel() };
  }
  const iterator = typeof source === 'string' ? undefined : source?.[Symbol.asyncIterator] ?? source?.[Symbol.iterator];
  if (iterator) return iterator.call(source);
  throw badInput('A source of inputs is something to iterate over.', 'an array', 'an iterable', 'an async iterable', 'a ReadableStream');
}
