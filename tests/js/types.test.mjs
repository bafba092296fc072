/** The types of the package as it is installed: the samples of the documents and our own calls, by old and new compilers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** By the names of their packages. */
const COMPILERS = ['typescript-5.4', 'typescript'];

/** @type {[string, string][]} `module` and `moduleResolution` */
const RESOLUTIONS = [['nodenext', 'nodenext'], ['esnext', 'bundler']];

/** @type {string} an application that has the package */
let app;

before(async () => {
  app = await mkdtemp(path.join(tmpdir(), 'headwise-types-'));
  const installed = path.join(app, 'node_modules/headwise');
  await mkdir(installed, { recursive: true });
  await cp(`${ROOT}package.json`, path.join(installed, 'package.json'));
  await compile('typescript', '--project', `${ROOT}tsconfig.json`, '--outDir', path.join(installed, 'www/lib/types'));
  for (const [file, entry] of [['calls', 'index'], ['transformers-calls', 'transformers']]) {
    const calls = await readFile(`${ROOT}tests/js/${file}.mts`, 'utf8');
    await write(`${file}.mts`, calls.replaceAll(`../../www/lib/${entry}.js`, entry === 'index' ? 'headwise' : `headwise/${entry}`));
  }
  const documents = ['README.md', ...(await readdir(`${ROOT}docs`)).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
  const samples = (await Promise.all(documents.map(async (document) => samplesOf(await readFile(ROOT + document, 'utf8'))))).flat();
  assert.ok(samples.length >= 6);
  for (const [place, sample] of samples.entries()) await write(`sample-${place + 1}.mts`, sample);
});

after(() => rm(app, { recursive: true, force: true }));

for (const compiler of COMPILERS) {
  for (const [module, moduleResolution] of RESOLUTIONS) {
    test(`calls and samples in ${compiler}, resolved as by ${moduleResolution}`, async () => {
      const options = { module, moduleResolution, strict: true, noEmit: true, skipLibCheck: false, target: 'es2022', types: [] };
      await write('tsconfig.json', JSON.stringify({ compilerOptions: options, include: ['*.mts'] }));
      await compile(compiler, '--project', app);
    });
  }
}

/** The programs in a document: blocks of JavaScript, and the scripts of pages, that begin with an import. @param {string} text */
function samplesOf(text) {
  const blocks = [...text.matchAll(/^```(js|ts|html)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, code]) => {
    const script = language === 'html' ? /<script type="module">(.*)<\/script>/s.exec(code)?.[1] : code;
    return script?.trim().startsWith('import ') ? [`${script.replaceAll('./lib/index.js', 'headwise')}\nexport {};\n`] : [];
  });
}

/** @param {string} file @param {string} text */
function write(file, text) {
  return writeFile(path.join(app, file), text);
}

/** @param {string} compiler @param {...string} args */
async function compile(compiler, ...args) {
  const run = promisify(execFile)(process.execPath, [`${ROOT}node_modules/${compiler}/bin/tsc`, ...args]);
  await run.catch(({ stdout, stderr }) => assert.fail(stdout + stderr));
}
