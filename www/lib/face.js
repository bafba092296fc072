/** The face of the package on a host: what every entry exports beside errors, tensors and addresses. */

import { configsOn, modelsWith, tokenizersOn } from './auto.js';
import { modelsOn } from './models.js';
import { pipelineOn } from './pipeline.js';

/** @param {import('./host.js').Host} host */
export function faceOn(host) {
  return {
    pipeline: pipelineOn(host),
    models: modelsOn(host),
    AutoTokenizer: tokenizersOn(host),
    AutoConfig: configsOn(host),
    AutoModel: modelsWith(host, 'base'),
    AutoModelForSequenceClassification: modelsWith(host, 'sequence'),
    AutoModelForTokenClassification: modelsWith(host, 'token'),
    AutoModelForQuestionAnswering: modelsWith(host, 'qa'),
    AutoModelForMultipleChoice: modelsWith(host, 'multiple-choice'),
    AutoModelForMaskedLM: modelsWith(host, 'masked-lm'),
  };
}
