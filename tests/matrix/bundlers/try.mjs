/**
 * The package in every bundler: the page that it makes, or serves, gives the label of a text in Chromium.
 *
 *   node tests/matrix/bundlers/try.mjs TARBALL [TOOL…]    only tools whose name begins so
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { serve } from '../../../tools/serve.mjs';
import { launch, openPage } from '../../e2e/harness.mjs';
import { LABEL, TEXT, call, inProject, print, startServer } from '../support.mjs';
import { PROJECTS } from './projects.mjs';

const [tarball, ...wanted] = process.argv.slice(2);

/** What the page tells. @param {string} url */
async function look(url) {
  const browser = await launch();
  const { page, problems } = await openPage(browser);
  try {
    await page.goto(url);
    const told = page.locator('output:not(:empty)');
    await told.waitFor({ timeout: 60_000 }).catch(() => { throw new Error(`no answer; ${problems.join('; ')}`); });
    return { ...JSON.parse(await told.textContent() ?? ''), problems };
  } finally {
    await browser.close();
  }
}

/** Serves what a project made, or has it serve itself. @param {import('./projects.mjs').Project} project @param {string} folder */
async function open({ serve: command, build = [], out = '' }, folder) {
  for (const [name, ...args] of build) await call(folder, name, args);
  if (command) return startServer(command[0], command.slice(1), folder);
  const { url, close } = await serve({ root: path.join(folder, out), bare: true });
  return { url, stop: close };
}

/** @param {import('./projects.mjs').Project} project */
async function attempt(project) {
  const files = Object.fromEntries(Object.entries(project.files).map(([name, text]) => [name, text.replace('TEXT', JSON.stringify(TEXT))]));
  return inProject(tarball, { ...project, files }, async (folder) => {
    const { version } = JSON.parse(await readFile(path.join(folder, 'node_modules', project.main, 'package.json'), 'utf8'));
    const server = await open(project, folder);
    try {
      const { label, ms, message, warnings = [], problems } = await look(server.url);
      const note = message ?? [...warnings, ...label === LABEL ? [] : problems].join('; ');
      return { tool: project.tool, version, works: label === LABEL, ...ms && { ms: Math.round(ms) }, ...note && { note } };
    } finally {
      await server.stop();
    }
  });
}

for (const project of PROJECTS) {
  if (wanted.length > 0 && !wanted.some((name) => project.tool.startsWith(name))) continue;
  print(await attempt(project).catch((error) => ({
    tool: project.tool, version: project.packages[project.main], works: false, note: `${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`.slice(0, 1500),
  })));
}
