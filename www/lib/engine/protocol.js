/** The types of what a client and an engine say to each other. */

export {};

/**
 * What is asked of a pipeline is `run`, of a model `forward`, of a tokenizer `encode`, `decode` and `vocabulary`.
 * Of every request: how urgent it is, `'user-visible'` if nothing is said, and what a worker locks while it has work.
 * @typedef {{priority?: import('../base/calls.js').Priority, lock?: string}} Manners
 * @typedef {{id: number, verb: 'ping'}} PingMessage is answered by an engine that runs
 * @typedef {{id: number, verb: 'load'} & import('./load.js').LoadRequest} LoadMessage
 * @typedef {{id: number, verb: 'run', inputs: (string | object)[], options: Record<string, unknown>}} RunMessage
 * @typedef {{id: number, verb: 'forward', rows: import('../runtime/glue.js').ModelRows, options: object}} ForwardMessage
 * @typedef {{id: number, verb: 'encode', inputs: {text: string, text_pair?: string}[], options: object}} EncodeMessage
 * @typedef {{id: number, verb: 'decode', sequences: Uint32Array[], skip_special_tokens: boolean}} DecodeMessage
 * @typedef {{id: number, verb: 'vocabulary'}} VocabularyMessage
 * @typedef {{id: number, verb: 'files'}} FilesMessage
 * @typedef {{id: number, verb: 'abort'}} AbortMessage `id` is the request that is no longer wanted
 * @typedef {{verb: 'dispose'}} DisposeMessage
 * @typedef {(PingMessage | LoadMessage | RunMessage | ForwardMessage | EncodeMessage | DecodeMessage | VocabularyMessage
 *   | FilesMessage) & Manners} RequestMessage what is answered
 * @typedef {RequestMessage | AbortMessage | DisposeMessage} Message
 */

/**
 * @typedef {{id: number, ok: true, value: unknown}
 *   | {id: number, ok: false, error: import('../errors.js').WireError}
 *   | {id: number, event: 'progress', progress: import('../source/progress.js').ProgressEvent | import('../base/calls.js').CallProgress}} Reply
 */

/**
 * One end of a pair, for the engine: the global scope of a worker, or a MessagePort.
 * @typedef {object} Port
 * @property {((event: MessageEvent<Message>) => any) | null} onmessage
 * @property {(reply: Reply) => void} postMessage
 * @property {() => void} close
 */

/**
 * An engine that listens, for the client: where to post, and how to end it.
 * @typedef {object} Connection
 * @property {Worker | MessagePort} port
 * @property {() => void} close
 */
