#!/usr/bin/env node
/**
 * `npx headwise`: models from the command line, on the engine of the package. What is asked for goes to standard output;
 * errors, with their code, and what is said beside go to standard error.
 */

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as bundle from './commands/bundle.mjs';
import * as download from './commands/download.mjs';
import * as inspect from './commands/inspect.mjs';
import * as lock from './commands/lock.mjs';
import * as quantize from './commands/quantize.mjs';
import * as run from './commands/run.mjs';

/**
 * `places` are the positional arguments, of which at least `needed` have to be given; the last takes all others if it
 * ends with dots.
 * @typedef {object} Command
 * @property {string} summary
 * @property {string[]} places
 * @property {number} needed
 * @property {string} [more] what else is to be said
 * @property {Record<string, {type: 'string' | 'boolean', help: string}>} options
 * @property {(options: any, places: string[]) => Promise<boolean | void>} run resolves to `false` if a part failed
 */

/** @type {Record<string, Command>} */
const COMMANDS = { download, inspect, quantize, lock, run, bundle };

/** Exit codes, besides 0. */
const FAILED = 1;
const MISUSED = 2;

/** Options of every command. @type {Command['options']} */
const COMMON = {
  json: { type: 'boolean', help: 'print JSON, errors too' },
  help: { type: 'boolean', help: 'print this' },
};

const USAGE = `Usage: headwise COMMAND …

${Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`).join('\n')}

headwise COMMAND --help says more. A MODEL is the id of a model of a Hub (user/model) or a folder.
The environment may have HF_TOKEN, HF_ENDPOINT, and HEADWISE_CACHE, the folder of downloads.
Exit codes: 0 done, 1 failed, 2 called wrongly.
`;

/** @param {string} name @param {Command} command */
function helpOf(name, { summary, places, needed, more, options }) {
  const words = places.map((place, index) => (index < needed ? place : `[${place}]`));
  const rows = Object.entries({ ...options, ...COMMON })
    .map(([option, { type, help }]) => `  ${`--${option}${type === 'string' ? ' …' : ''}`.padEnd(14)} ${help}`);
  return [`Usage: headwise ${[name, ...words].join(' ')} [OPTIONS]`, '', `${summary}.${more ? ` ${more}` : ''}`, '', ...rows, ''].join('\n');
}

/** @param {string} problem @param {string} usage */
function misuse(problem, usage) {
  process.stderr.write(`headwise: ${problem}\n\n${usage}`);
  return MISUSED;
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main([name, ...args]) {
  if (['--help', '-h', 'help'].includes(name)) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (name === '--version') {
    process.stdout.write(`${JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')).version}\n`);
    return 0;
  }
  if (!Object.hasOwn(COMMANDS, name ?? '')) return misuse(name ? `there is no command ${name}` : 'a command is missing', USAGE);
  const command = COMMANDS[name];
  const help = helpOf(name, command);
  let given;
  try {
    given = parseArgs({ args, options: { ...command.options, ...COMMON }, allowPositionals: true });
  } catch (error) {
    return misuse(/** @type {Error} */ (error).message, help);
  }
  const { values: { help: wanted, ...options }, positionals } = given;
  if (wanted) {
    process.stdout.write(help);
    return 0;
  }
  const { places, needed } = command;
  if (positionals.length < needed) return misuse(`${places[positionals.length]} is missing`, help);
  if (positionals.length > places.length && !places.at(-1)?.endsWith('…')) return misuse(`what is ${positionals[places.length]}?`, help);
  try {
    return await command.run(options, positionals) === false ? FAILED : 0;
  } catch (error) {
    report(/** @type {any} */ (error), options.json === true);
    return FAILED;
  }
}

/** @param {Error & {code?: string, details?: object}} error @param {boolean} json */
function report({ message, code = 'crashed', details = {} }, json) {
  process.stderr.write(json ? `${JSON.stringify({ code, message, details })}\n` : `headwise: ${message} [${code}]\n`);
}

// Whoever reads the output may stop at any time, as `head` does.
process.stdout.on('error', (error) => process.exit(/** @type {any} */ (error).code === 'EPIPE' ? 0 : FAILED));
main(process.argv.slice(2)).then((code) => { process.exitCode = code; });
