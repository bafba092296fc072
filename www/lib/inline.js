/**
 * `headwise` in one piece: with the worker and the module in JavaScript, for hosts that keep no other file. The face
 * is that of `index.js`.
 */

import { browser } from './browser.js';
import { classicWorker, unpackModule } from './copies.js';
import { faceOn } from './face.js';
import module1 from './inline/module1.js';
import module2 from './inline/module2.js';
import module3 from './inline/module3.js';
import module4 from './inline/module4.js';
import worker from './inline/worker.js';

export { HeadwiseError } from './errors.js';
export { fileUrl } from './source/hub.js';
export { droppedFiles } from './source/local.js';
export { Tensor } from './tensor.js';

/** Unpacked once. @type {Promise<WebAssembly.Module> | undefined} */
let relaxed;

export const {
  pipeline,
  AutoTokenizer,
  AutoConfig,
  AutoModel,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
  AutoModelForQuestionAnswering,
  AutoModelForMultipleChoice,
  AutoModelForMaskedLM,
  models,
} = faceOn({
  ...browser,
  modules: async () => ({ relaxed: await (relaxed ??= unpackModule([module1, module2, module3, module4])) }),
  workers: [() => classicWorker(worker)],
});
