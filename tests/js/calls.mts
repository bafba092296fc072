/** The types of calls as an application in TypeScript sees them; compiled, never run. */

import { AutoConfig, AutoModel, AutoModelForQuestionAnswering, AutoTokenizer, HeadwiseError, latest, models, pipeline, Tensor } from '../../www/lib/index.js';

type FilledMask = import('../../www/lib/index.js').FilledMask;

export async function calls(text: string, texts: string[]) {
  const classify = await pipeline('sentiment-analysis', 'user/model');
  const task: 'text-classification' = classify.task;
  const words: 'softmax' | 'sigmoid' | 'none' = classify.model.function_to_apply;
  (await classify(text))[0].label.at(0);
  (await classify(texts))[0].label.at(0);
  (await classify(texts, { top_k: null }))[0][0].label.at(0);
  await classify(texts, { priority: 'background', progress_callback: ({ done, total = 0 }) => (done / total).toFixed() });
  // @ts-expect-error: these are words of the platform
  await classify(text, { priority: 'low' });
  const newest = latest(classify);
  (await newest(text, { priority: 'user-blocking' }))?.[0].label.at(0);
  // @ts-expect-error: it may have been ended
  (await newest(text))[0];
  for await (const { index, result, error } of classify.stream(texts)) index.toFixed() + (error ? error.code : result.label);
  for await (const { result } of classify.stream(new ReadableStream<string>(), { top_k: null })) result?.[0].label.at(0);
  (await classify(text, { top_k: null }))[0].label.at(0);
  (await classify(texts, { top_k: 3 }))[0][0].score.toFixed();
  (await classify(texts, { top_k: 1, truncation: false }))[0].score.toFixed();
  (await classify(texts.map((one) => ({ text: one, text_pair: text })), { top_k: null }))[0][0].score.toFixed();
  // @ts-expect-error: each text has a list
  (await classify(texts, { top_k: null }))[0].label;
  // @ts-expect-error: each text has one label
  (await classify(texts))[0][0].label;
  const either: string | string[] = Math.random() < 0.5 ? text : texts;
  (await classify(either)).at(0);

  await using zeroShot = await pipeline('zero-shot-classification', 'user/model', { dtype: 'q8' });
  (await zeroShot(text, ['a', 'b'])).labels.at(0);
  (await zeroShot(texts, 'a, b', { multi_label: true }))[0].scores.at(0);
  for await (const { result } of zeroShot.stream(new Set(texts), 'a, b')) result?.scores.at(0);

  const tag = await pipeline('ner', 'user/model');
  (await tag(text))[0].entity.at(0);
  (await tag(texts, { aggregation_strategy: 'max' }))[0][0].entity_group.at(0);
  // @ts-expect-error: tokens are joined
  (await tag(text, { aggregation_strategy: 'simple' }))[0].entity;
  (await tag(text, { aggregation_strategy: 'FIRST', batch_size: 8 }))[0].entity_group.at(0);
  (await tag([texts], { is_split_into_words: true }))[0][0].entity.at(0);
  (await tag(either)).at(0);
  // @ts-expect-error: there is no such strategy
  await tag(text, { aggregation_strategy: 'best' });
  for await (const { result } of tag.stream(texts, { aggregation_strategy: 'max' })) result?.[0].entity_group.at(0);

  const answer = await pipeline('question-answering', 'user/model');
  (await answer(text, text)).answer.at(0);
  (await answer({ question: text, context: text }, { top_k: 3 }))[0].start.toFixed();
  (await answer(texts, text))[0].end.toFixed();
  (await answer(text, text, { topk: 3 }))[0].answer.at(0);
  (await answer(texts, text, { top_k: 3 }))[0][0].answer.at(0);
  // @ts-expect-error: it is a list
  (await answer(text, text, { top_k: 3 })).answer;
  for await (const { result } of answer.stream(texts, text)) result?.answer.at(0);

  const fill = await pipeline('fill-mask', 'user/model');
  (await fill(text))[0].token_str.at(0);
  (await fill(texts))[0][0].sequence.at(0);
  (await fill<FilledMask[][]>(text))[0][0].score.toFixed();
  (await fill(either)).at(0);
  fill.tokenizer.mask_token?.at(0);

  const embed = await pipeline('embeddings', 'user/model');
  const vectors: Tensor = await embed(texts, { pooling: 'mean' });
  const numbers: Float32Array = vectors.data;
  (await embed(text)).meta.ms.toFixed();
  await embed(text, { prompt_name: 'query', truncate_dim: 256, normalize_embeddings: true });
  // @ts-expect-error: a prompt is a text
  await embed(text, { prompt: ['query: '] });

  const choose = await pipeline('multiple-choice', 'user/model');
  (await choose(text, texts))[0].choice.at(0);
  (await choose([{ prompt: text, choices: texts }]))[0][0].index.toFixed();
  const rank = await pipeline('text-ranking', 'user/model');
  (await rank(text, texts, { return_documents: true }))[0].text.at(0);
  (await rank([{ query: text, documents: texts }], { return_documents: true }))[0][0].text.at(0);
  // @ts-expect-error: documents were not asked for
  (await rank(text, texts))[0].text.at(0);
  (await rank({ query: text, documents: texts }))[0].corpus_id.toFixed();
  await rank(text, texts, { prompt: 'Find: ', prompt_name: null });

  // @ts-expect-error: there is no such task
  await pipeline('translation', 'user/model');

  const tokenizer = await AutoTokenizer.from_pretrained('user/model');
  const inputs = await tokenizer(texts, { padding: true });
  const ids: BigInt64Array = inputs.input_ids.data;
  (await tokenizer(text, { return_tensor: false })).input_ids[0].toFixed();
  (await tokenizer([text], { return_tensor: false })).input_ids[0][0].toFixed();
  (await tokenizer.decode(inputs.input_ids)).at(0);
  const model = await AutoModel.from_pretrained('user/model');
  const { last_hidden_state, hidden_states } = await model(inputs, { output_hidden_states: true });
  hidden_states?.[0].dims.at(0);
  (await (await AutoModelForQuestionAnswering.from_pretrained('user/model'))(inputs)).start_logits.size.toFixed();
  (await AutoConfig.from_pretrained('user/model')).hidden_size;
  await models.lock('user/model', { task: 'fill-mask' });
  const code: import('../../www/lib/index.js').ErrorCode = new HeadwiseError('cors', 'closed').code;
  // @ts-expect-error: there is no such code
  if (code === 'cor') return undefined;
  return { task, words, numbers, ids, last_hidden_state };
}
