#!/usr/bin/env python3
"""Tiny complete models for every task, and what Python answers with them.

A model is a folder `tasks/<tokenizer>-<head>/` with configuration, weights and tokenizer, and

  expected.json   cases of a task, its options, an input, and the result

Inputs and results have the form that `headwise run` reads and writes: lists even where Python takes a single element
out of its list. Offsets are code points. The weights are random: the answers mean nothing, but every engine must give
the same. Needs `generate_tokenizers.py` to have run in the same folder.

Question answering has no pipeline since transformers 5. This script therefore writes the other answers, and run again
by a Python with transformers 4.57 those of question answering alone.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoTokenizer, pipeline

VERSION_4 = transformers.__version__.startswith("4.")
LENGTH = 48  # tokens that the models read
SIZES = dict(hidden_size=18, num_attention_heads=3, intermediate_size=22)
ENTITIES = ("O", "B-PER", "I-PER", "B-LOC-X", "I-LOC-X", "MISC")

LONG = "The story goes on and on, and the dog runs in the rain again and again. " * 4
AWKWARD = "Café naïve 😀 e\u0301cole 你好世界 Straße: 👩\u200d👧 end."
UNKNOWN = "The fox \u16a0\u16a1 and \u16a2 dog."  # letters of no vocabulary but that of bytes
TEXTS = ["The quick brown fox jumps over the lazy dog.", AWKWARD, "Isn't it? It's warm, it's bright!", UNKNOWN]


# --- models ----------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Model:
    auto: str  # its class in transformers, without "AutoModelFor"
    labels: tuple = ()
    problem_type: str | None = None
    settings: tuple = ()
    seed: int = 0  # chosen so that answers differ


MODELS = {
    "nli": Model("SequenceClassification", ("CONTRADICTION", "neutral", "Entailment"), seed=3),
    "nli-first": Model("SequenceClassification", ("entailment", "neutral", "contradiction"), seed=4),
    "topics": Model("SequenceClassification", ("sport", "arts", "politics"), problem_type="multi_label_classification",
                    seed=5),
    "ranking": Model("SequenceClassification", ("LABEL_0",), seed=6),
    "ranking-identity": Model("SequenceClassification", ("LABEL_0",), seed=7, settings=(
        ("sentence_transformers", {"activation_fn": "torch.nn.modules.linear.Identity", "version": "4.1.0"}),)),
    "token": Model("TokenClassification", ENTITIES, seed=8),
    "qa": Model("QuestionAnswering", seed=9),
    "masked-lm": Model("MaskedLM", seed=10),
    "multiple-choice": Model("MultipleChoice", seed=11),
}
# What does not depend on tokens is there for one tokenizer only.
FOLDERS = [f"{tokenizer}-{model}" for tokenizer in ("wordpiece", "bpe", "unigram") for model in MODELS
           if tokenizer == "wordpiece" or model in ("nli", "ranking", "token", "qa", "masked-lm", "multiple-choice")]


def write_model(folder: Path, tokenizers: Path) -> None:
    from generate import bert, deberta, draw, randomise, roberta
    from generate_hub import SPECIAL, unigram

    kind, name = folder.name.split("-", 1)
    model_type, settings, tokenizer_class = {
        "wordpiece": ("bert", bert(layers=2), "BertTokenizer"),
        "bpe": ("roberta", roberta(layers=2), "RobertaTokenizer"),
        "unigram": ("deberta-v2", deberta(num_hidden_layers=2), "DebertaV2Tokenizer"),
    }[kind]
    if kind == "unigram":
        tokenizer, tokenizer_settings = unigram(tokenizers)
    else:
        source = tokenizers / kind
        tokenizer = json.loads((source / "tokenizer.json").read_text())
        tokenizer_settings = json.loads((source / "tokenizer_config.json").read_text())
    tokenizer_settings |= {"tokenizer_class": tokenizer_class, "model_max_length": LENGTH}
    if name == "masked-lm":
        tokenizer_settings["clean_up_tokenization_spaces"] = True  # where tokens are no bytes
    folder.mkdir(parents=True, exist_ok=True)
    for file, contents in (("tokenizer.json", tokenizer), ("tokenizer_config.json", tokenizer_settings)):
        (folder / file).write_text(json.dumps(contents, ensure_ascii=False, separators=(",", ":")) + "\n")

    model = MODELS[name]
    settings |= SIZES | {"vocab_size": len(AutoTokenizer.from_pretrained(folder)),
                         "max_position_embeddings": LENGTH + 2 * (kind == "bpe")}
    config = AutoConfig.for_model(model_type, **settings, problem_type=model.problem_type, **dict(model.settings))
    if model.labels:
        config.id2label = dict(enumerate(model.labels))
        config.label2id = {label: index for index, label in config.id2label.items()}
    weights = getattr(transformers, f"AutoModelFor{model.auto}").from_config(config)
    randomise(weights, f"{folder.name}/{model.seed}", scale=1)
    if name == "masked-lm":
        # Logits of all pieces come from the word embeddings: wider ones make some pieces likelier than others.
        weights.get_input_embeddings().weight.copy_(draw(f"{folder.name}/words", (config.vocab_size, 18)))
    weights.half().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


def load(folder: Path, auto: str):
    return getattr(transformers, auto).from_pretrained(folder, dtype=torch.float32).eval()


# --- cases: functions from a folder to (task, options, input, result) ------------------------------------------------

def with_options(task: str, options: list[dict], inputs: list, answer):
    """All inputs with the first options, all options with the first two inputs."""
    for number, given in enumerate(options):
        for one in inputs if number == 0 else inputs[:2]:
            yield task, given, one, answer(one, given)


def classification(folder: Path):
    classify = pipeline("text-classification", model=load(folder, "AutoModelForSequenceClassification"),
                        tokenizer=AutoTokenizer.from_pretrained(folder))
    options = [{"top_k": None}, {}, {"top_k": 2}, *({"top_k": None, "function_to_apply": function}
                                                    for function in ("softmax", "sigmoid", "none"))]
    inputs = [{"text": TEXTS[0]}, {"text": "It's warm.", "text_pair": AWKWARD}, {"text": ""}, {"text": LONG},
              {"text": "It's warm.", "text_pair": ""}]

    def answer(given, options):
        # Without top_k the pipeline takes the best label out of its list.
        result = classify([given], truncation=True, **options)[0]
        return [result] if isinstance(result, dict) else result

    yield from with_options("text-classification", options, inputs, answer)


def zero_shot(folder: Path):
    classify = pipeline("zero-shot-classification", model=load(folder, "AutoModelForSequenceClassification"),
                        tokenizer=AutoTokenizer.from_pretrained(folder))
    labels = ["sport", "the arts", "política 🎉", "rain & $& dogs"]
    options = [{"candidate_labels": labels}, {"candidate_labels": labels, "multi_label": True},
               {"candidate_labels": "sport, arts,, dogs "}, {"candidate_labels": ["dogs"]},
               {"candidate_labels": labels, "hypothesis_template": "In {} we trust; it is about 你好."},
               {"candidate_labels": ["Sport", "dogs", "sport", "SPORT"]},
               *({"candidate_labels": labels, "hypothesis_template": template}
                 for template in ("{0}, {{x}}: {0}.", "It is {!s:>12}.", "{{{:*^9.4}}}"))]
    yield from with_options("zero-shot-classification", options, [TEXTS[0], AWKWARD, LONG],
                            lambda text, options: classify(text, **options))


def tokens(folder: Path):
    classify = pipeline("token-classification", model=load(folder, "AutoModelForTokenClassification"),
                        tokenizer=AutoTokenizer.from_pretrained(folder))
    strategies = ("none", "simple", "first", "average", "max")
    inputs = [*TEXTS, "", " Two  spaces,\ta tab\nand a line ", LONG]
    words = {"words": ["Unhappy", "runners!", "Café", "你好", "😀 a"]}
    options = [{"aggregation_strategy": strategy} for strategy in strategies]
    more = [{"aggregation_strategy": "simple", "ignore_labels": []}, {"ignore_labels": ["B-PER", "MISC"]},
            {"aggregation_strategy": "max", "ignore_labels": ["PER", "LOC-X"]}]
    strided = [{"aggregation_strategy": strategy, "stride": stride, "ignore_labels": []}
               for strategy, stride in (("SIMPLE", 10), ("first", 0), ("Average", 20), ("max", 3))]
    strided.append({"stride": 10})

    def answer(given, options):
        if isinstance(given, dict):
            return classify([given["words"]], is_split_into_words=True, delimiter=given.get("delimiter"), **options)[0]
        return classify(given, **options)

    if not folder.name.startswith("bpe"):  # transformers refuses words where spaces belong to tokens
        inputs += [words, words | {"delimiter": " – "}]
    for given in options:
        for text in inputs:
            yield "token-classification", given, text, answer(text, given)
    for given in more + strided:
        for text in [TEXTS[0], AWKWARD, LONG] if given in strided else TEXTS[:2]:
            yield "token-classification", given, text, answer(text, given)


def features(folder: Path):
    tokenizer, model = AutoTokenizer.from_pretrained(folder), load(folder, "AutoModel")
    extract = pipeline("feature-extraction", model=model, tokenizer=tokenizer)
    poolings = {"mean": lambda x: x.mean(0), "cls": lambda x: x[0], "first_token": lambda x: x[0],
                "last_token": lambda x: x[-1], "max": lambda x: x.max(0).values}
    options = [{}, {"pooling": "none", "normalize": True}, *({"pooling": name} for name in poolings),
               {"pooling": "mean", "normalize": True}]

    def answer(text, options):
        hidden = torch.tensor(extract(text, truncation=True)[0])
        pool = poolings.get(options.get("pooling"))
        vectors = pool(hidden) if pool else hidden
        return (torch.nn.functional.normalize(vectors, dim=-1) if options.get("normalize") else vectors).tolist()

    yield from with_options("feature-extraction", options, ["The dog.", "naïve 😀", "", LONG], answer)


def masks(folder: Path):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    fill = pipeline("fill-mask", model=load(folder, "AutoModelForMaskedLM"), tokenizer=tokenizer)
    texts = ["The quick {} fox.", "Café {} 你好 {} 😀, it's {}.", "{}", f"{{}} {LONG}",
             "no mask of <pad> [PAD] {} !", "It 's {} , is n't it ?"]
    options = [{}, {"top_k": 3}, {"targets": ["dog", "the", "dog", "ing"]}, {"targets": "unhappiness", "top_k": 2},
               {"targets": ["rain", "zebra", "Ġthe", "▁the"], "top_k": 9}]

    def answer(text, options):
        result = fill(text, tokenizer_kwargs={"truncation": True}, **options)
        return result if isinstance(result[0], list) else [result]

    texts = [text.replace("{}", tokenizer.mask_token) for text in texts]
    yield from with_options("fill-mask", options, texts, answer)


def choices(folder: Path):
    tokenizer, model = AutoTokenizer.from_pretrained(folder), load(folder, "AutoModelForMultipleChoice")

    @torch.no_grad()
    def answer(given, options):
        logits = []
        for choice in given["choices"]:
            encoded = tokenizer([given["prompt"]], [choice], truncation=True, return_tensors="pt")
            logits.append(model(**{key: value[None] for key, value in encoded.items()}).logits.flatten())
        scores = torch.cat(logits).softmax(0).tolist()
        order = sorted(range(len(scores)), key=lambda index: -scores[index])[:options.get("top_k")]
        return [{"index": index, "choice": given["choices"][index], "score": scores[index]} for index in order]

    inputs = [{"prompt": "The dog runs", "choices": ["in the rain.", "", "over the fox 😀", "in the rain."]},
              {"prompt": LONG, "choices": ["The end.", "Once more: " + LONG]},
              {"prompt": AWKWARD, "choices": ["你好"]}]
    yield from with_options("multiple-choice", [{}, {"top_k": 1}], inputs, answer)


def ranking(folder: Path):
    from sentence_transformers import CrossEncoder

    encoder = CrossEncoder(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    functions = {"sigmoid": torch.nn.Sigmoid(), "identity": torch.nn.Identity()}

    def answer(given, options):
        options = dict(options)
        function = functions.get(options.pop("activation_fn", None))
        # Rows of a batch would be padded.
        return encoder.rank(given["query"], given["documents"], activation_fn=function, batch_size=1, **options)

    documents = ["The quick brown fox.", "", AWKWARD, "The quick brown fox.", LONG]
    inputs = [{"query": "Where is the fox?", "documents": documents}, {"query": LONG, "documents": documents[:3]},
              {"query": "fox", "documents": []}]
    options = [{}, {"top_k": 2, "return_documents": True}, {"activation_fn": "sigmoid"}, {"activation_fn": "identity"}]
    yield from with_options("text-ranking", options, inputs, answer)


def questions(folder: Path):
    answer = pipeline("question-answering", model=load(folder, "AutoModelForQuestionAnswering"),
                      tokenizer=AutoTokenizer.from_pretrained(folder), device="cpu")
    inputs = [{"question": "Who jumps?", "context": TEXTS[0]}, {"question": "What runs?", "context": LONG},
              {"question": "Où est l'école 😀?", "context": AWKWARD * 3}, {"question": "What?", "context": "dog"},
              {"question": "fox fox", "context": "A fox, a Fox, the FOX and a fox: " * 4}]
    options = [{}, {"top_k": 3}, {"top_k": 4, "align_to_words": False}, {"align_to_words": False},
               {"handle_impossible_answer": True, "top_k": 2}, {"max_answer_len": 1, "top_k": 3},
               {"max_answer_len": 40}, {"max_seq_len": 36, "doc_stride": 4, "top_k": 3},
               {"doc_stride": 12, "handle_impossible_answer": True}, {"doc_stride": 0, "top_k": 2}]

    def listed(given, options):
        result = answer(**given, **options)
        # Where a context has fewer answers than asked for, Python fills up with spans that end before they begin, or
        # lie outside of the context, and have the score 0.
        return [one for one in ([result] if isinstance(result, dict) else result) if one["score"] > 0]

    for given in options:
        for one in inputs:
            yield "question-answering", given, one, listed(one, given)


CASES = {
    "nli": [zero_shot, classification], "nli-first": [zero_shot], "topics": [zero_shot, classification],
    "ranking": [ranking], "ranking-identity": [ranking], "token": [tokens, features], "qa": [questions],
    "masked-lm": [masks], "multiple-choice": [choices],
}


def rounded(value):
    """Scores to seven digits, which are enough for 1e-4."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{float(value):.7g}") if hasattr(value, "dtype") or isinstance(value, float) else value


def write_expected(folder: Path) -> None:
    lines = []
    for cases in CASES[folder.name.split("-", 1)[1]]:
        for task, options, given, result in cases(folder):
            case = {"task": task, "options": options, "input": given, "result": rounded(result)}
            lines.append(json.dumps(case, ensure_ascii=False, separators=(",", ":")))
    made_with = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
    cases = ",\n".join(lines)
    (folder / "expected.json").write_text(f'{{"made_with": "{made_with}", "cases": [\n{cases}\n]}}\n')
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{folder.name}: {len(lines)} cases, {size // 1024} KiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent,
                        help="default: beside the script")
    parser.add_argument("--only", choices=FOLDERS, metavar="NAME", help="one model instead of all")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_grad_enabled(False)
    for name in [arguments.only] if arguments.only else FOLDERS:
        folder = arguments.folder / "tasks" / name
        if not VERSION_4:
            write_model(folder, arguments.folder / "tokenizers")
        if VERSION_4 == name.endswith("-qa"):
            write_expected(folder)


if __name__ == "__main__":
    main()
