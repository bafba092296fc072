/**
 * Models as files: a folder that a person picks or drops, and the files of the loaded model saved as one.
 */

import { droppedFiles } from '../lib/index.js';
import { byId } from './dom.js';

/** @typedef {import('./tasks.js').Loaded} Loaded */

/**
 * Lets a person open a folder.
 * @param {(files: File[]) => void} onFiles
 */
export function offerFolder(onFiles) {
  const input = byId('folder', HTMLInputElement);
  byId('open-folder', HTMLButtonElement).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    if (input.files?.length) onFiles([...input.files]);
    input.value = '';
  });
  addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  addEventListener('drop', async (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const files = await droppedFiles(event.dataTransfer);
    if (files.length) onFiles(files);
  });
}

/**
 * Lets a person save the files of the model in use, to be opened again without a network.
 * @param {() => Loaded | null} current
 */
export function offerFiles(current) {
  const button = byId('save-model', HTMLButtonElement);
  const note = byId('saved', HTMLElement);
  button.addEventListener('click', async () => {
    const model = current();
    if (!model) return;
    button.disabled = true;
    try {
      note.textContent = await save(model);
    } catch (error) {
      note.textContent = `Not saved. ${/** @type {Error} */ (error).message}`;
    } finally {
      button.disabled = false;
    }
  });
}

/** @param {Loaded} model @returns {Promise<string>} what was done, in words */
async function save(model) {
  // The folder first: a browser asks only right after a click.
  const pick = /** @type {any} */ (globalThis).showDirectoryPicker;
  const folder = pick && await pick({ mode: 'readwrite' }).catch((/** @type {DOMException} */ error) => {
    if (error.name === 'AbortError') return null;
    throw error;
  });
  if (folder === null) return '';
  const files = await model.files();
  for (const file of files) {
    if (folder) await write(folder, file);
    else download(file);
  }
  return `${files.length} files saved. Open their folder below to use the model without a network.`;
}

/**
 * A module of sentence-transformers has a folder of its own.
 * @param {any} folder
 * @param {File} file
 */
async function write(folder, file) {
  const folders = file.name.split('/');
  const name = folders.pop();
  for (const one of folders) folder = await folder.getDirectoryHandle(one, { create: true });
  await file.stream().pipeTo(await (await folder.getFileHandle(name, { create: true })).createWritable());
}

/** @param {File} file */
function download(file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
