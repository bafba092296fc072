#!/usr/bin/env node
/**
 * Classifies each line of a file, or of the standard input, and writes a line of JSON for each. Only a few lines are in
 * memory at a time, however many there are. To use it: `npm install headwise`, and copy this file.
 *
 *   node classify.mjs MODEL [FILE] [--from N] > labels.jsonl
 *
 * MODEL is a folder (`./models/mine`) or an id of the Hub (`user/model`). A line without a result, such as one that is
 * longer than the model can read, gets an `error`, and the exit code is 1. A job that was stopped says where it goes on:
 * give it that `--from N`, and `>>` in place of `>`.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { pipeline } from 'headwise';

const { values, positionals: [model, file] } = parseArgs({ allowPositionals: true, options: { from: { type: 'string', default: '1' } } });
const from = Number(values.from);
if (!model || !(from >= 1)) {
  console.error('node classify.mjs MODEL [FILE] [--from N]');
  process.exit(2);
}
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));

/** The lines of the input, from the first that is wanted. */
async function* lines() {
  const input = file ? createReadStream(file) : process.stdin;
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity, signal: stop.signal })) {
    number += 1;
    if (number >= from) yield line;
  }
}

let told = Date.now();
function tell({ done, tokens_per_second }) {
  if (Date.now() - told < 1000) return;
  told = Date.now();
  console.error(`line ${from + done - 1}, ${tokens_per_second} tokens a second`);
}

const classify = await pipeline('text-classification', model);
let line = from;
let failed = 0;
try {
  const options = { truncation: false, signal: stop.signal, progress_callback: tell };
  for await (const { result, error } of classify.stream(lines(), options)) {
    const row = error ? { line, error: { code: error.code, message: error.message } } : { line, ...result };
    // A reader that is slower than the model makes it wait.
    if (!process.stdout.write(`${JSON.stringify(row)}\n`)) await once(process.stdout, 'drain');
    if (error) failed += 1;
    line += 1;
  }
  console.error(`${line - from} lines, ${failed} of them without a result`);
} catch (error) {
  console.error(`${error.message}; go on with --from ${line}`);
  failed += 1;
}
process.exitCode = failed > 0 ? 1 : 0;
await classify.dispose();
