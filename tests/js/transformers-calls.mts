/** The types of `headwise/transformers` as an application in TypeScript sees them; compiled, never run. */

import {
  AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer, BertForTokenClassification, BertTokenizer, cos_sim, env,
  FeatureExtractionPipeline, mean_pooling, pipeline, PreTrainedModel, PreTrainedTokenizer, RawImage, Tensor, TextClassificationPipeline,
} from '../../www/lib/transformers.js';

env.allowLocalModels = false;
env.backends.onnx.wasm.numThreads = 1;

class Singleton {
  static instance: FeatureExtractionPipeline | null = null;
  static async get(): Promise<FeatureExtractionPipeline> {
    return this.instance ??= await pipeline('feature-extraction', 'Xenova/all-MiniLM-L6-v2', { dtype: 'q4', device: 'webgpu' });
  }
}

export async function calls(text: string, texts: string[]) {
  const embed = await Singleton.get();
  const vectors: Tensor = await embed(texts, { pooling: 'mean', normalize: true, quantize: false });
  const bits = await embed(text, { pooling: 'eos', quantize: true, precision: 'ubinary' });
  // @ts-expect-error: there is no such precision
  await embed(text, { precision: 'int4' });

  const classify: TextClassificationPipeline = await pipeline('sentiment-analysis', null, { quantized: true, progress_callback: null });
  (await classify(text))[0].label.at(0);
  (await classify(texts, { top_k: null }))[0][0].score.toFixed();
  classify.model.config.problem_type = 'multi_label_classification';
  (await classify.tokenizer(text)).input_ids.dims.at(0);
  // @ts-expect-error: there is no such task
  await pipeline('translation', 'user/model');

  const tokenizer: PreTrainedTokenizer = await AutoTokenizer.from_pretrained('user/model');
  (await BertTokenizer.from_pretrained('user/model')).mask_token_id?.toFixed();
  (await tokenizer.encode(text)).at(0)?.toFixed();
  (await tokenizer(texts, { return_tensor: false })).input_ids[0][0].toFixed();
  // @ts-expect-error: it is a promise
  tokenizer(text).input_ids;
  const model = await AutoModel.from_pretrained('user/model', { dtype: { model: 'fp16' }, session_options: {}, subfolder: 'onnx' });
  const any: PreTrainedModel = await AutoModelForSequenceClassification.from_pretrained('user/model');
  const inputs = await tokenizer(texts, { padding: true });
  const { last_hidden_state } = await model(inputs);
  const pooled = mean_pooling(last_hidden_state, inputs.attention_mask).normalize(2, -1).slice(null, [0, 8]);
  const { logits } = await (await BertForTokenClassification.from_pretrained('user/model'))(tokenizer(text));
  logits.sigmoid().argmax().item();
  (await AutoConfig.from_pretrained('user/model')).hidden_size;
  new RawImage();
  return { vectors, bits, any, pooled, similarity: cos_sim(pooled[0].data, pooled[1].data) };
}
