/** What the tries of tools share: a folder with the packed package and a tool in it, a page that is looked at, a report. */
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A small classifier. */
export const MODEL = fileURLToPath(new URL('../golden/hub/tiny-bert', import.meta.url));

/** What the model says of the text. */
export const TEXT = 'What a wonderful morning!';
export const LABEL = 'positive';

/** What came of a tool. `ms` is from the start of the script to the first label. @typedef {{tool: string, version: string, works: boolean, ms?: number, note?: string}} Report */

/** @param {Report} report */
export function print(report) {
  console.log(JSON.stringify(report));
}

/**
 * A project: the package from its tarball, other packages of the registry, and files; forgotten when `use` is done.
 *
 * @template T
 * @param {string} tarball
 * @param {{packages?: Record<string, string>, files: Record<string, string>, models?: string}} project  `models` is
 *   the folder that the model is put into
 * @param {(folder: string) => Promise<T>} use
 */
export async function inProject(tarball, { packages = {}, files, models = 'public/model' }, use) {
  const folder = await mkdtemp(path.join(tmpdir(), 'headwise-'));
  try {
    const manifest = { name: 'app', private: true, type: 'module', dependencies: { headwise: `file:${tarball}`, ...packages } };
    for (const [name, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    }
    await cp(MODEL, path.join(folder, models), { recursive: true });
    await call(folder, 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps']);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What tools print, without questions and reports to their makers. */
const ENVIRONMENT = { ...process.env, CI: '1', NEXT_TELEMETRY_DISABLED: '1', NG_CLI_ANALYTICS: 'false' };

/** What a command prints. @param {string} folder @param {string} command @param {string[]} args @param {object} [options] */
export async function call(folder, command, args, options) {
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env: ENVIRONMENT, timeout: 300_000, maxBuffer: 1 << 26, ...options });
  return stdout;
}

/**
 * Starts a server that prints its address, until `stop()`.
 *
 * @param {string} command @param {string[]} args @param {string} cwd
 */
export async function startServer(command, args, cwd) {
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: ENVIRONMENT });
  const stop = () => { try { process.kill(-Number(child.pid)); } catch { /* It is gone. */ } };
  const url = await new Promise((resolve, reject) => {
    let output = '';
    const told = (/** @type {Buffer} */ chunk) => {
      output += String(chunk).replaceAll(/\x1b\[\d*m/g, '');
      const [, found] = /(http:\/\/(?:127\.0\.0\.1|localhost):\d+)/.exec(output) ?? [];
      if (found) resolve(found.replace('localhost', '127.0.0.1'));
    };
    child.stdout.on('data', told);
    child.stderr.on('data', told);
    child.on('exit', () => reject(new Error(`it ended: ${output}`)));
    setTimeout(() => { stop(); reject(new Error(`no address after a minute: ${output}`)); }, 60_000).unref();
  });
  return { url: `${url}/`, stop };
}
