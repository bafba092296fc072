/**
 * The Web Locks API between processes, by files: whoever makes the file of a lock holds it, and touches it while it does.
 * One whose process died, or that has not been touched for long, as on a machine that lost its power, is nobody's.
 */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks at a lock that is taken. */
const LOOK = 50;
/** Milliseconds between two touches of a lock that is held. */
const TOUCH = 1000;
/** Milliseconds without a touch after which its holder is gone; one that lives may be busy for some of them. */
const STALE = 15_000;

/** What of a `LockManager` the store uses. */
export class DiskLocks {
  #folder;

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * @template T
   * @param {string} name
   * @param {{signal?: AbortSignal}} options
   * @param {() => Promise<T>} hold
   * @returns {Promise<T>}
   */
  async request(name, { signal }, hold) {
    const place = path.join(this.#folder, `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.lock`);
    const owner = JSON.stringify({ host: os.hostname(), pid: process.pid, id: randomUUID() });
    await mkdir(this.#folder, { recursive: true });
    while (!await take(place, owner)) {
      if (await isStale(place)) await remove(place);
      else await sleep(LOOK, undefined, { signal });
    }
    const touching = setInterval(() => {
      const now = new Date();
      utimes(place, now, now).catch(() => {});
    }, TOUCH).unref();
    try {
      return await hold();
    } finally {
      clearInterval(touching);
      // Not one that somebody took over.
      if (await readFile(place, 'utf8').catch(() => undefined) === owner) await unlink(place).catch(() => {});
    }
  }
}

/** Whether the lock could be had. @param {string} place @param {string} owner */
async function take(place, owner) {
  try {
    await writeFile(place, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {any} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} place */
async function isStale(place) {
  const found = await stat(place).catch(() => undefined);
  if (!found) return false;
  if (Date.now() - found.mtimeMs > STALE) return true;
  const { host, pid } = await readFile(place, 'utf8').then(JSON.parse).catch(() => ({}));
  return host === os.hostname() && !lives(pid);
}

/** Whether there is such a process; one that may not be asked lives. @param {number} pid */
function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {any} */ (error).code !== 'ESRCH';
  }
}

/**
 * Takes a stale lock away. Of several who try, one moves the file; one who comes late may move a new lock, which costs a
 * second download of the same.
 * @param {string} place
 */
async function remove(place) {
  const moved = `${place}.${randomUUID()}`;
  await rename(place, moved).then(() => unlink(moved)).catch(() => {});
}
