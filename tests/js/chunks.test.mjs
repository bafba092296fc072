import assert from 'node:assert/strict';
import test from 'node:test';
import { ChunkReader } from '../../www/lib/base/chunks.js';

const BYTES = Uint8Array.from({ length: 1_000_003 }, (_, index) => (index * 7919) % 251);

/** @param {ReadableStream} body */
async function read(body) {
  const reader = new ChunkReader(body);
  const [parts, chunks] = [[], []];
  for (let chunk; (chunk = await reader.read());) {
    parts.push(chunk.slice());
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(parts), chunks };
}

test('a stream of bytes is read into the same memory again and again', async () => {
  const { bytes, chunks } = await read(new Response(BYTES).body);
  assert.ok(bytes.equals(BYTES));
  assert.ok(chunks.length > 1);
  assert.ok(chunks.every((chunk) => chunk.length === 0), 'a chunk outlived the next one');
});

test('another stream brings its own memory', async () => {
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < BYTES.length; at += 300_000) controller.enqueue(BYTES.slice(at, at + 300_000));
      controller.close();
    },
  });
  assert.ok((await read(body)).bytes.equals(BYTES));
});

test('a reader that is cancelled ends the stream', async () => {
  let cancelled = false;
  const reader = new ChunkReader(new ReadableStream({ type: 'bytes', cancel() { cancelled = true; } }));
  const pending = reader.read();
  reader.cancel();
  assert.equal(await pending, undefined);
  assert.ok(cancelled);
});
