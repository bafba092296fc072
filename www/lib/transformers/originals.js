/**
 * Which repository has the safetensors of a model that transformers.js loads from a conversion to ONNX. Whoever converts
 * keeps the name of the model, so that its owner is what has to be known.
 */

/** The owners of models by their names. @type {Record<string, string>} */
const OWNERS = {
  BAAI: 'bge-small-en-v1.5 bge-base-en-v1.5 bge-large-en-v1.5 bge-small-en bge-base-en bge-large-en bge-small-zh-v1.5 '
    + 'bge-base-zh-v1.5 bge-large-zh-v1.5 bge-m3 bge-reranker-base bge-reranker-large bge-reranker-v2-m3',
  FacebookAI: 'roberta-base roberta-large roberta-large-mnli xlm-roberta-base xlm-roberta-large',
  MoritzLaurer: 'DeBERTa-v3-base-mnli-fever-anli DeBERTa-v3-large-mnli-fever-anli-ling-wanli '
    + 'mDeBERTa-v3-base-xnli-multilingual-nli-2mil7 multilingual-MiniLMv2-L6-mnli-xnli deberta-v3-base-zeroshot-v1',
  albert: 'albert-base-v2 albert-large-v2',
  answerdotai: 'ModernBERT-base ModernBERT-large',
  cardiffnlp: 'twitter-roberta-base-sentiment-latest twitter-xlm-roberta-base-sentiment',
  'cross-encoder': 'nli-deberta-v3-xsmall nli-deberta-v3-small nli-deberta-v3-base nli-deberta-v3-large '
    + 'ms-marco-TinyBERT-L-2-v2 quora-distilroberta-base quora-roberta-base',
  Davlan: 'bert-base-multilingual-cased-ner-hrl distilbert-base-multilingual-cased-ner-hrl',
  deepset: 'roberta-base-squad2 deberta-v3-base-squad2',
  distilbert: 'distilbert-base-uncased distilbert-base-cased distilbert-base-multilingual-cased distilroberta-base '
    + 'distilbert-base-uncased-finetuned-sst-2-english distilbert-base-cased-distilled-squad '
    + 'distilbert-base-uncased-distilled-squad',
  dslim: 'bert-base-NER bert-base-NER-uncased bert-large-NER distilbert-NER',
  facebook: 'bart-large-mnli',
  'google-bert': 'bert-base-uncased bert-base-cased bert-large-uncased bert-base-chinese bert-base-german-cased '
    + 'bert-base-multilingual-uncased bert-base-multilingual-cased',
  intfloat: 'e5-small e5-base e5-large e5-small-v2 e5-base-v2 e5-large-v2 multilingual-e5-small multilingual-e5-base '
    + 'multilingual-e5-large',
  'jhu-clsp': 'ettin-encoder-17m ettin-encoder-32m ettin-encoder-68m ettin-encoder-150m ettin-encoder-400m',
  nlptown: 'bert-base-multilingual-uncased-sentiment',
  ProsusAI: 'finbert',
  Qwen: 'Qwen3-Embedding-0.6B',
  SamLowe: 'roberta-base-go_emotions',
  'sentence-transformers': 'all-MiniLM-L6-v2 all-MiniLM-L12-v2 all-mpnet-base-v2 all-distilroberta-v1 LaBSE '
    + 'multi-qa-MiniLM-L6-cos-v1 multi-qa-mpnet-base-dot-v1 multi-qa-mpnet-base-cos-v1 multi-qa-distilbert-cos-v1 '
    + 'paraphrase-MiniLM-L3-v2 paraphrase-MiniLM-L6-v2 paraphrase-albert-small-v2 paraphrase-mpnet-base-v2 '
    + 'paraphrase-multilingual-MiniLM-L12-v2 paraphrase-multilingual-mpnet-base-v2 msmarco-distilbert-base-v4 '
    + 'distiluse-base-multilingual-cased-v1 distiluse-base-multilingual-cased-v2',
  thenlper: 'gte-small gte-base gte-large',
  typeform: 'distilbert-base-uncased-mnli mobilebert-uncased-mnli squeezebert-mnli',
  unitary: 'toxic-bert unbiased-toxic-roberta',
};

/** Models that their owners call otherwise now. @type {Record<string, string>} */
const RENAMED = {
  'ms-marco-MiniLM-L-4-v2': 'cross-encoder/ms-marco-MiniLM-L4-v2',
  'ms-marco-MiniLM-L-6-v2': 'cross-encoder/ms-marco-MiniLM-L6-v2',
  'ms-marco-MiniLM-L-12-v2': 'cross-encoder/ms-marco-MiniLM-L12-v2',
};

/** The model of a task that is given none, as in transformers.js. @type {Record<string, string>} */
export const DEFAULTS = {
  'text-classification': 'distilbert/distilbert-base-uncased-finetuned-sst-2-english',
  'token-classification': 'Davlan/bert-base-multilingual-cased-ner-hrl',
  'question-answering': 'distilbert/distilbert-base-cased-distilled-squad',
  'fill-mask': 'jhu-clsp/ettin-encoder-32m',
  'zero-shot-classification': 'typeform/distilbert-base-uncased-mnli',
  'feature-extraction': 'sentence-transformers/all-MiniLM-L6-v2',
};

/** Names whose repositories hold conversions only. */
const CONVERSION = /^(?:Xenova|onnx-community|onnx-models)\/(.+?)(?:-onnx)?$|^SamLowe\/(.+)-onnx$/i;

/** The name of the model that an id is a conversion of, if it is one. @param {string} id */
export function convertedName(id) {
  const [, name, other] = CONVERSION.exec(id) ?? [];
  return name ?? other;
}

/** The id of the same model with safetensors, as far as it is known. @param {string} id */
export function originalOf(id) {
  const name = convertedName(id);
  if (name === undefined) return id;
  if (Object.hasOwn(RENAMED, name)) return RENAMED[name];
  const [owner] = Object.entries(OWNERS).find(([, names]) => names.split(' ').includes(name)) ?? [];
  return owner ? `${owner}/${name}` : id;
}
