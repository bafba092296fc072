/** Safetensors files, taken apart and put together. */
import { readFileSync } from 'node:fs';

/**
 * The header of a file, metadata included, and the bytes in which its `data_offsets` count.
 *
 * @param {string} file
 * @returns {{header: Record<string, any>, data: Buffer}}
 */
export function readSafetensors(file) {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  return { header: JSON.parse(bytes.toString('utf8', 8, start)), data: bytes.subarray(start) };
}

/**
 * The bytes of a file.
 *
 * @param {Record<string, any>} header
 * @param {Buffer[]} data  in the order of the header's `data_offsets`
 */
export function writeSafetensors(header, data) {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...data]);
}
