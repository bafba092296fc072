/** Bundlers as a newcomer would set them up: each project configures nothing for the package. */

/** The page that all of them make: it tells in its `<output>` what came of a text. */
const HTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>app</title></head>
<body><output></output>SCRIPT</body></html>`;

const html = (/** @type {string} */ script) => HTML.replace('SCRIPT', script);

/** @param {string} entry of the package */
const main = (entry) => `import { pipeline } from '${entry}';

const output = document.querySelector('output');

async function start() {
  const classify = await pipeline('text-classification', './model/');
  const [{ label }] = await classify(TEXT);
  return { label, ms: performance.now(), warnings: classify.model.warnings };
}

start().catch(({ code, message }) => ({ label: 'none', code, message }))
  .then((told) => { output.textContent = JSON.stringify(told); });
`;

/**
 * @typedef {object} Project
 * @property {string} tool
 * @property {string} main   the package of the registry whose version counts
 * @property {Record<string, string>} packages
 * @property {Record<string, string>} files
 * @property {string} [models]
 * @property {string[]} [serve]  starts a server
 * @property {string[][]} [build]  makes `out`
 * @property {string} [out]
 */

const VITE = { 'index.html': html('<script type="module" src="./main.js"></script>'), 'main.js': main('headwise') };
const BUILT = html('<script type="module" src="./main.js"></script>');

/** @param {string} version @returns {Project[]} */
const vite = (version) => [
  { tool: `Vite ${version.split('.')[0]}, dev`, main: 'vite', packages: { vite: version }, files: VITE, serve: ['npx', 'vite', '--host', '127.0.0.1', '--port', '0'] },
  { tool: `Vite ${version.split('.')[0]}`, main: 'vite', packages: { vite: version }, files: VITE, build: [['npx', 'vite', 'build', '--base', './']], out: 'dist' },
];

const ANGULAR = '20.3.35';

/** @type {Project[]} */
export const PROJECTS = [
  ...['5.4.21', '6.4.6', '7.3.8', '8.4.0'].flatMap(vite),
  {
    tool: 'webpack 5', main: 'webpack', packages: { webpack: '5.113.0', 'webpack-cli': '7.3.1' },
    files: { 'public/index.html': BUILT, 'src/main.js': main('headwise'),
      'webpack.config.js': `export default { mode: 'production', entry: './src/main.js', output: { filename: 'main.js', path: process.cwd() + '/public' } };\n` },
    build: [['npx', 'webpack']], out: 'public',
  },
  {
    tool: 'Rspack 2', main: '@rspack/core', packages: { '@rspack/core': '2.3.4', '@rspack/cli': '2.2.8' },
    files: { 'public/index.html': BUILT, 'src/main.js': main('headwise'),
      'rspack.config.js': `export default { mode: 'production', entry: './src/main.js', output: { filename: 'main.js', path: process.cwd() + '/public' } };\n` },
    build: [['npx', 'rspack', 'build']], out: 'public',
  },
  {
    tool: 'esbuild, ESM', main: 'esbuild', packages: { esbuild: '0.28.2' }, files: { 'public/index.html': BUILT, 'src/main.js': main('headwise') },
    build: [['npx', 'esbuild', 'src/main.js', '--bundle', '--format=esm', '--splitting', '--outdir=public', '--minify']], out: 'public',
  },
  {
    tool: 'esbuild, IIFE', main: 'esbuild', packages: { esbuild: '0.28.2' },
    files: { 'public/index.html': html('<script src="./main.js"></script>'), 'src/main.js': main('headwise/inline') },
    build: [['npx', 'esbuild', 'src/main.js', '--bundle', '--format=iife', '--outdir=public', '--minify']], out: 'public',
  },
  {
    tool: 'esbuild, IIFE of the main entry', main: 'esbuild', packages: { esbuild: '0.28.2' },
    files: { 'public/index.html': html('<script src="./main.js"></script>'), 'src/main.js': main('headwise') },
    build: [['npx', 'esbuild', 'src/main.js', '--bundle', '--format=iife', '--outdir=public', '--minify']], out: 'public',
  },
  {
    tool: 'Rollup', main: 'rollup', packages: { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3' },
    files: { 'public/index.html': BUILT, 'src/main.js': main('headwise') },
    build: [['npx', 'rollup', 'src/main.js', '-p', 'node-resolve', '-d', 'public', '--format=es']], out: 'public',
  },
  {
    tool: 'Parcel 2', main: 'parcel', packages: { parcel: '2.16.4' },
    files: { 'index.html': html('<script type="module" src="./main.js"></script>'), 'main.js': main('headwise') },
    build: [['npx', 'parcel', 'build', 'index.html', '--no-cache', '--public-url', './'], ['cp', '-r', 'public/model', 'dist/model']], out: 'dist',
  },
  {
    tool: 'Angular 20', main: '@angular/core',
    packages: { '@angular/build': '20.3.41', '@angular/cli': '20.3.43', '@angular/compiler': ANGULAR, '@angular/compiler-cli': ANGULAR, '@angular/core': ANGULAR, '@angular/common': ANGULAR,
      '@angular/platform-browser': ANGULAR, rxjs: '7.8.2', tslib: '2.8.1', typescript: '5.9.3' },
    files: {
      'src/index.html': html(''),
      'src/main.ts': `// @ts-nocheck\n${main('headwise')}`,
      'tsconfig.json': JSON.stringify({ compilerOptions: { target: 'ES2022', module: 'preserve', moduleResolution: 'bundler', strict: true, skipLibCheck: false, lib: ['ES2023', 'dom', 'esnext.disposable'] }, files: ['src/main.ts'] }),
      'angular.json': JSON.stringify({ version: 1, projects: { app: { projectType: 'application', root: '', sourceRoot: 'src', architect: { build: { builder: '@angular/build:application',
        options: { outputPath: { base: 'dist', browser: '' }, index: 'src/index.html', browser: 'src/main.ts', tsConfig: 'tsconfig.json', baseHref: './', assets: [{ glob: '**/*', input: 'public' }] } } } } } }),
    },
    build: [['npx', 'ng', 'build']], out: 'dist',
  },
  {
    tool: 'Next 16, client', main: 'next', packages: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
    files: {
      'next.config.mjs': `export default { output: 'export' };\n`,
      'app/layout.jsx': `export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n`,
      'app/page.jsx': `'use client';
import { useEffect } from 'react';

export default function Page() {
  useEffect(() => { import('./start.js'); }, []);
  return <output></output>;
}
`,
      'app/start.js': main('headwise'),
    },
    build: [['npx', 'next', 'build']], out: 'out',
  },
];
