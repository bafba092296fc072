/**
 * A `MessageChannel` within a thread that holds no resource: one of the platform's would keep a process alive as long as
 * somebody listens.
 */

/** One end. */
class LocalPort extends EventTarget {
  /** @type {LocalPort | undefined} */
  #other;
  /** @type {((event: MessageEvent) => any) | null} */
  onmessage = null;

  static pair() {
    const [port1, port2] = [new LocalPort(), new LocalPort()];
    port1.#other = port2;
    port2.#other = port1;
    return { port1, port2 };
  }

  /** @param {any} message */
  postMessage(message) {
    const data = structuredClone(message);
    setImmediate(() => {
      if (this.#other) this.#other.#receive(data);
    });
  }

  start() {}

  close() {
    if (this.#other) this.#other.#other = undefined;
    this.#other = undefined;
  }

  /** @param {any} data */
  #receive(data) {
    const event = new MessageEvent('message', { data });
    this.onmessage?.(event);
    this.dispatchEvent(event);
  }
}

export const localChannel = /** @type {() => any} */ (LocalPort.pair);
