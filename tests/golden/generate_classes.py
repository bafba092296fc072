#!/usr/bin/env python3
"""What Python makes of the same vocabulary with every class of a tokenizer that files may state, or leave open.

Writes `tokenizer_classes.json`: cases of files (those of `tokenizers/<of>/` that are taken, others as they stand, and
the parts that its `tokenizer.json` has in place of its own), each with the ids of some texts and of a pair, its token types, whether Python gives those to the model, special tokens
by role, the side that is filled up and the length that the files allow.
"""

import json
import tempfile
from pathlib import Path

import transformers
from transformers import AutoTokenizer

HERE = Path(__file__).parent
TEXTS = ["The quick brown fox, a café Dog.", "Ada  lives in <ent> <b>Berlin. ", "the <mask> fox", "the [MASK] fox",
         "a [CLS] [SEP]<s> </s><pad>[PAD]b ", " lead  ﬁ dog\nx\t."]
PAIR = ("the dog", "a fox")
ROLES = ["cls", "mask", "pad", "sep", "unk"]
BERT, ROBERTA, XLMR = ({"model_type": name} for name in ("bert", "roberta", "xlm-roberta"))
FAST = {"tokenizer_class": "PreTrainedTokenizerFast"}


def read(path: str):
    return json.loads((HERE / "tokenizers" / path).read_text())


def stated(name: str) -> dict:
    return {"tokenizer_class": name}


def short_mpnet() -> str:
    pieces = (HERE / "tokenizers/wordpiece/vocab.txt").read_text().splitlines()
    return "\n".join(["<s>", "<pad>", "</s>", *pieces, "<mask>"]) + "\n"


def cases():
    """Name, folder, files that are taken of it, `config.json`, `tokenizer_config.json`, other files; of a
    `tokenizer.json` the parts that are other than in the folder."""
    words, json_file = ["vocab.txt"], ["tokenizer.json"]
    bytes_, pieces = ["vocab.json", "merges.txt"], ["sentencepiece.bpe.model"]
    for model_type in ["bert", "distilbert", "electra", "mobilebert", "mpnet"]:
        yield f"vocab.txt of {model_type}", "wordpiece", words, {"model_type": model_type}, None, {}
    for name in ["BertTokenizer", "DistilBertTokenizerFast", "ElectraTokenizerFast", "MobileBertTokenizer",
                 "MPNetTokenizer", "SqueezeBertTokenizer"]:
        yield f"vocab.txt of {name}", "wordpiece", words, BERT, stated(name), {}
        yield f"vocab.txt of {name} in config.json", "wordpiece", words, BERT | stated(name), None, {}
        if name != "MPNetTokenizer":  # its tokens are not in that file
            yield f"tokenizer.json of {name}", "wordpiece", json_file, BERT, stated(name), {}
    yield "vocab.txt of MPNet, with the tokens of BERT", "wordpiece", [], {"model_type": "mpnet"}, None, {
        "vocab.txt": short_mpnet()}
    for model_type in ["roberta", "bart", "longformer", "deberta", "gpt2"]:
        yield f"vocab.json of {model_type}", "bpe", bytes_, {"model_type": model_type}, None, {}
    for name in ["RobertaTokenizer", "BartTokenizerFast", "DebertaTokenizer", "GPT2Tokenizer"]:
        yield f"vocab.json of {name}", "bpe", bytes_, ROBERTA, stated(name), {}
    yield "tokenizer.json of roberta", "bpe", json_file, ROBERTA, None, {}
    for model_type, folder, file in [
            ("xlm-roberta", "xlm-roberta", pieces), ("camembert", "xlm-roberta", pieces), ("xmod", "xlm-roberta", pieces),
            ("albert", "albert", ["spiece.model"]), ("deberta-v2", "deberta-v2", ["spm.model"]),
            ("xlnet", "xlnet", ["spiece.model"])]:
        yield f"{file[0]} of {model_type}", folder, file, {"model_type": model_type}, None, {}
    metaspace = {
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}}
    for config, settings in [
            (XLMR, None), (XLMR, {}), (BERT | stated("XLMRobertaTokenizer"), {}), (BERT, stated("XLMRobertaTokenizerFast")),
            (XLMR, FAST), (XLMR, stated("FooTokenizer")), ({"model_type": "camembert"}, None),
            ({"model_type": "modernbert"}, stated("XLMRobertaTokenizer")), ({"model_type": "foo"}, stated("XLMRobertaTokenizer")),
            ({"model_type": "xlm-roberta-xl"}, None), (XLMR | FAST, {"tokenizer_class": None})]:
        yield f"spaces, {config}, {settings}", "xlm-roberta", [], config, settings, {"tokenizer.json": metaspace}
    mask = {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}
    for settings, files in [
            (stated("BertTokenizer"), {"added_tokens.json": {"<ent>": 400}}),
            ({}, {"added_tokens.json": {"<b>": 401, "<ent>": 400}}),
            ({}, {"added_tokens.json": {"[MASK]": 4, "dog": 300}}),
            ({}, {"special_tokens_map.json": {"additional_special_tokens": ["<ent>"]}}),
            ({}, {"special_tokens_map.json": {"mask_token": mask}}),
            ({}, {"special_tokens_map.json": {"mask_token": "<ent>"}, "added_tokens.json": {"<ent>": 400, "<b>": 401}}),
            ({"added_tokens_decoder": {"400": {"content": "<ent>", "special": False}}},
             {"added_tokens.json": {"<b>": 401}, "special_tokens_map.json": {"mask_token": "<ent>"}}),
            ({"mask_token": "<ent>"}, {}), ({"pad_token": "the"}, {}), ({"bos_token": "<ent>"}, {})]:
        for beside in (json_file, words):
            yield f"{beside[0]} beside {settings}, {files}", "wordpiece", beside, BERT, settings, files
    unmarked = {"added_tokens": []}
    yield "tokens that only the class names", "wordpiece", [], BERT, None, {"tokenizer.json": unmarked}
    sides = {
        "truncation": {"direction": "Left", "max_length": 10, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": "BatchLongest", "direction": "Left", "pad_to_multiple_of": None, "pad_id": 0,
                    "pad_type_id": 0, "pad_token": "[PAD]"}}
    yield "sides of tokenizer.json", "wordpiece", [], BERT, {}, {"tokenizer.json": sides}
    for settings in [{"max_len": 32}, {"model_max_length": None, "max_len": 32}, {"model_max_length": 16, "max_len": 32},
                     {"max_length": 20}, {"padding_side": "left"},
                     stated("DistilBertTokenizer") | {"model_input_names": ["input_ids", "token_type_ids"]},
                     {"model_input_names": ["input_ids"]}]:
        yield f"{settings}", "wordpiece", json_file, BERT, settings, {}


def answer(files: dict[str, str | bytes]) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        for name, contents in files.items():
            (Path(folder) / name).write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        tokenizer = AutoTokenizer.from_pretrained(folder)
    pair = tokenizer(*PAIR, return_token_type_ids=True)
    length = tokenizer.model_max_length
    return {
        "class": type(tokenizer).__name__, "ids": [tokenizer(text)["input_ids"] for text in TEXTS],
        "pair": pair["input_ids"], "types": pair["token_type_ids"],
        "gives_types": "token_type_ids" in tokenizer.model_input_names,
        "special": [getattr(tokenizer, f"{role}_token_id") for role in ROLES],
        "pads_left": tokenizer.padding_side == "left", "max_length": length if length < 1e9 else None,
    }


def main() -> None:
    transformers.logging.set_verbosity_error()
    lines = []
    for name, folder, taken, config, settings, others in cases():
        parts = others.get("tokenizer.json")
        texts = {"config.json": config, "tokenizer_config.json": settings} | others | {"tokenizer.json": None}
        texts = {file: text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
                 for file, text in texts.items() if text is not None}
        whole = {"tokenizer.json": json.dumps(read(f"{folder}/tokenizer.json") | parts)} if parts else {}
        files = {file: (HERE / "tokenizers" / folder / file).read_bytes() for file in taken}
        case = {"case": name, "of": folder, "taken": taken, "files": texts, "parts": parts or {},
                "right": answer(files | texts | whole)}
        lines.append(json.dumps(case, ensure_ascii=False, separators=(",", ":")))
    made_with = json.dumps({"made_with": f"transformers {transformers.__version__}", "texts": TEXTS, "pair": PAIR},
                           ensure_ascii=False)
    cases_ = ",\n".join(lines)
    (HERE / "tokenizer_classes.json").write_text(f'{made_with[:-1]}, "cases": [\n{cases_}\n]}}\n')
    print(f"{len(lines)} cases")


if __name__ == "__main__":
    main()
