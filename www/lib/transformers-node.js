/** `headwise/transformers` in Node, Deno and Bun. */

import * as face from './node.js';
import { standOn } from './transformers/face.js';

export { droppedFiles, fileUrl, HeadwiseError, latest, models } from './node.js';
export * from './transformers/names.js';

standOn(/** @type {any} */ (face));
