/** The end of something that a signal aborts. */

/** Of which the first that is aborted counts. @typedef {readonly (AbortSignal | null | undefined)[]} Signals */

/**
 * What comes of what `start` begins; once a signal is aborted its reason, at once. Of one that is aborted already
 * nothing begins.
 * @template T
 * @param {Signals} signals
 * @param {() => Promise<T>} start
 * @param {() => void} [onAbort] called when it had begun
 * @returns {Promise<T>}
 */
export async function unlessAborted(signals, start, onAbort) {
  const some = signals.filter((signal) => signal != null);
  for (const signal of some) if (signal.aborted) throw signal.reason;
  const ended = new AbortController();
  try {
    return await Promise.race([start(), new Promise((_, reject) => {
      for (const signal of some) {
        signal.addEventListener('abort', () => {
          onAbort?.();
          reject(signal.reason);
        }, { once: true, signal: ended.signal });
      }
    })]);
  } finally {
    ended.abort();
  }
}
