/**
 * `headwise` in Cloudflare's workerd, which compiles no module at run time: it is imported. There are no threads and no
 * disk. The face is that of `index.js`.
 */

// @ts-ignore: the runtime makes it a WebAssembly.Module
import relaxed from './wasm/headwise_relaxed.wasm';
import { faceOn } from './face.js';
import { glue, init } from './generated.js';
import { localChannel } from './node/channel.js';
import { Runtime } from './runtime/runtime.js';
import { Store } from './store/store.js';

export { latest } from './calls.js';
export { HeadwiseError } from './errors.js';
export { fileUrl } from './source/hub.js';
export { droppedFiles } from './source/local.js';
export { Tensor } from './tensor.js';

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
  runtime: new Runtime(init, glue),
  store: new Store({}),
  modules: () => ({ relaxed }),
  workers: [],
  channel: localChannel,
});
