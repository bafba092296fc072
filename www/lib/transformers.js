/**
 * The package with the face of transformers.js: code that was written for it runs with this import in place of its own.
 *
 * ```js
 * import { pipeline } from 'headwise/transformers';
 * ```
 *
 * Everything is made of what the main entry exports, which knows nothing of it. In Node it is `transformers-node.js`.
 */

import * as face from './index.js';
import { standOn } from './transformers/face.js';

export { droppedFiles, fileUrl, HeadwiseError, latest, models } from './index.js';
export * from './transformers/names.js';

standOn(face);
