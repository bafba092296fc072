import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

const WWW = new URL('../../www/', import.meta.url);

const ENTRIES = ['index', 'inline', 'worker', 'node', 'worker-node', 'workerd'].map((name) => `lib/${name}.js`);

/**
 * From the top down. A floor has rooms, side by side, and a room is files or folders: a file imports from its own room,
 * or from floors below.
 */
const FLOORS = [
  [['app.js']],
  [['app/']],
  [['lib/transformers.js', 'lib/transformers-node.js']],
  [['lib/transformers/']],
  [ENTRIES],
  [['lib/face.js'], ['lib/copies.js'], ['lib/generated.js'], ['lib/node/']],
  [['lib/pipeline.js'], ['lib/auto.js'], ['lib/models.js']],
  [['lib/model.js'], ['lib/tokenizer.js'], ['lib/calls.js', 'lib/stream.js']],
  [['lib/tasks/'], ['lib/engine/']],
  [['lib/options.js']],
  [['lib/source/', 'lib/host.js']],
  [['lib/fetch/'], ['lib/store/'], ['lib/runtime/'], ['lib/tensor.js']],
  [['lib/base/']],
  [['lib/errors.js'], ['lib/wasm/'], ['lib/inline/']],
];

/** What may be imported by these files only. */
const DOORS = { 'lib/wasm/': ['lib/generated.js', 'lib/workerd.js'], 'lib/': ['lib/'] };
/** What is for everybody all the same. */
const ENTRY = 'lib/index.js';

const within = (file, places) => places.some((place) => file.startsWith(place));

/** The room of a file, and its floor, from the top. */
function placeOf(file) {
  const floor = FLOORS.findIndex((rooms) => rooms.some((room) => within(file, room)));
  assert.ok(floor >= 0, `${file} has no place in FLOORS`);
  return { floor, room: FLOORS[floor].find((room) => within(file, room)) };
}

/** What is wrong with an import, if anything is. */
function refusal(from, to) {
  const door = Object.keys(DOORS).find((place) => to.startsWith(place) && to !== ENTRY && !within(from, DOORS[place]));
  if (door) return `${from} imports ${to}: ${door} is for ${DOORS[door].join(', ')} only`;
  const [above, below] = [placeOf(from), placeOf(to)];
  if (above.room === below.room || above.floor < below.floor) return undefined;
  return `${from} imports ${to}, which is ${above.floor === below.floor ? 'beside' : 'above'} it`;
}

/** The imports of a text: static ones, dynamic ones, and those of types in comments. */
function importsOf(text) {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, name]) => name);
}

/** Every file of the page and the package with the files that it imports. */
async function readImports() {
  const all = (await readdir(WWW, { recursive: true })).map((file) => file.replaceAll('\\', '/'));
  const files = all.filter((file) => /^(app|lib)\b.*\.js$/.test(file) && !/^lib\/(types|wasm|inline)\//.test(file));
  return new Map(await Promise.all(files.sort().map(async (file) => {
    const names = importsOf(await readFile(new URL(file, WWW), 'utf8'));
    return [file, [...new Set(names.map((name) => path.posix.join(file, '..', name)))]];
  })));
}

/** Files that import each other in a circle, each circle once. */
function circlesOf(imports) {
  const circles = [];
  const done = new Set();
  const visit = (file, route) => {
    if (route.includes(file)) circles.push([...route.slice(route.indexOf(file)), file].join(' → '));
    if (done.has(file) || route.includes(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...route, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
}

test('no import runs up, beside its room, or through a closed door', async () => {
  const imports = await readImports();
  assert.ok(imports.get('lib/generated.js').includes('lib/wasm/headwise.js'), 'imports are read');
  for (const file of imports.keys()) placeOf(file);
  const wrong = [...imports].flatMap(([from, to]) => to.flatMap((file) => refusal(from, file) ?? []));
  assert.deepEqual(wrong, []);
});

test('every entry has the same face', async () => {
  const faces = await Promise.all(['index', 'inline', 'node'].map((entry) => import(new URL(`lib/${entry}.js`, WWW))));
  for (const face of faces) assert.deepEqual(Object.keys(face), Object.keys(faces[0]));
});

test('no imports run in a circle', async () => {
  assert.deepEqual(circlesOf(new Map([['a', ['b']], ['b', ['c', 'd']], ['c', ['b']], ['d', []]])), ['b → c → b']);
  assert.deepEqual(circlesOf(await readImports()), []);
});
