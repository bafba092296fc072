/**
 * A `MessageChannel` within a thread that holds no resource: one of the platform's would keep a process alive as long as
 * somebody listens, and that of workerd takes no module.
 */

/** Workers of Cloudflare may have the other alone. */
const soon = globalThis.setImmediate ?? setTimeout;

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
    // A load is asked for with what nobody else holds, a module perhaps, which not everywhere can be cloned.
    const data = message.verb === 'load' ? message : structuredClone(message);
    soon(() => {
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
