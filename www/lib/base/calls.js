/** What whoever calls and whoever computes have to know of a call. */

/** How urgent it may be, the most urgent first: the words of the platform's scheduler. */
export const PRIORITIES = /** @type {const} */ (['user-blocking', 'user-visible', 'background']);

/** @typedef {(typeof PRIORITIES)[number]} Priority */

/**
 * How far it is: `done` of `total` inputs have their results. The rate is that of its own computation, which more urgent
 * calls interrupt.
 * @typedef {{done: number, total?: number, tokens_per_second: number}} CallProgress
 */
