/**
 * The one error of the package, and how it crosses a worker boundary.
 */

/**
 * Of a call.
 * @typedef {'option' | 'task' | 'model' | 'input'} CallCode
 */

/**
 * Of fetching.
 * @typedef {'not-found' | 'access' | 'rate-limited' | 'http' | 'network' | 'cors' | 'mixed-content' | 'content'
 *   | 'integrity'} FetchCode
 */

/**
 * Of a model's files.
 * @typedef {'config' | 'unsupported-model' | 'adapter' | 'tokenizer' | 'safetensors' | 'incomplete' | 'missing-head'
 *   | 'unsupported-head' | 'missing-tensors' | 'shape' | 'dtype' | 'non-finite' | 'out-of-memory'} FileCode
 */

/**
 * Of an engine's life.
 * @typedef {'unsupported-environment' | 'policy' | 'module' | 'crashed' | 'worker-lost' | 'internal' | 'disposed'} EngineCode
 */

/**
 * What went wrong, as a stable word to branch on; the message is for people. `docs/errors.md` says of each what to do.
 *
 * What a signal aborts rejects with the signal's reason, as all over the platform: that is none of these.
 * @typedef {CallCode | FetchCode | FileCode | EngineCode} ErrorCode
 */

/**
 * The fields of an error that cross a worker boundary.
 * @typedef {{name: string, code: ErrorCode, message: string, details: Record<string, unknown>}} WireError
 */

/**
 * Every failure of the package: `code` says which, `details` holds the facts. What is supported is a list there, or
 * words where it cannot be listed.
 */
export class HeadwiseError extends Error {
  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {Record<string, any>} [details]
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, details = {}, options) {
    super(message, options);
    this.name = 'HeadwiseError';
    /** @type {ErrorCode} */
    this.code = code;
    /** @type {Record<string, any>} */
    this.details = details;
  }
}

/** The error of what was disposed of. */
export function disposed() {
  return new HeadwiseError('disposed', 'This pipeline, model or tokenizer was disposed.');
}

/**
 * The same error in a request of which this was the part after `inputs` others.
 * @param {unknown} error
 * @param {number} inputs
 */
export function behind(error, inputs) {
  if (!(error instanceof HeadwiseError) || error.details.input === undefined || inputs === 0) return error;
  const input = error.details.input + inputs;
  const message = error.message.replace(/(input )\d+/i, `$1${input}`);
  return new HeadwiseError(error.code, message, { ...error.details, input });
}

/**
 * An error as a plain object: `structuredClone` of an Error loses `name` and its own fields.
 * What nobody foresaw is a crash.
 * @param {unknown} error
 * @returns {WireError}
 */
export function toWire(error) {
  if (!(error instanceof HeadwiseError)) {
    return { name: 'HeadwiseError', code: 'crashed', message: String(error), details: {} };
  }
  const { name, code, message, details } = error;
  return { name, code, message, details };
}

/**
 * The error that `toWire` took apart, or one that the WASM module threw with the same fields.
 * @param {{code: ErrorCode, message: string, details?: Record<string, unknown> | null}} wire
 */
export function fromWire({ code, message, details }) {
  return new HeadwiseError(code, message, details ?? {});
}
