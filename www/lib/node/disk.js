/** What a browser tells of its storage, of the disk that a folder is on. */

import { mkdir, statfs } from 'node:fs/promises';

/** @param {string} folder */
export function disk(folder) {
  return {
    async estimate() {
      await mkdir(folder, { recursive: true });
      const { bsize, blocks, bfree, bavail } = await statfs(folder);
      const usage = (blocks - bfree) * bsize;
      return { usage, quota: usage + bavail * bsize };
    },
    persisted: async () => true,
    persist: async () => true,
  };
}
