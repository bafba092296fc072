#!/usr/bin/env python3
"""Tiny tokenizers and what Python `transformers` makes of awkward texts with them.

A tokenizer is a folder `tokenizers/<name>/` in the layout of the Hub, with

  expected.json   cases of text (or pair), truncation length, ids, type ids and code-point offsets

`wordpiece`, `bpe` and `xlm-roberta` carry `tokenizer.json` and the older vocabulary files; the others have only the
latter, so that everything else must come from `tokenizer_config.json`.
"""

import argparse
import io
import json
import tempfile
from collections import Counter
from pathlib import Path
from string import ascii_lowercase, digits

import transformers
from sentencepiece import SentencePieceTrainer, sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, BertTokenizer, RobertaTokenizer

CORPUS = """\
The quick brown fox jumps over the lazy dog, and the dog was not amused.
She sells sea shells by the sea shore; the shells she sells are surely sea shells.
I was running, he runs, they ran: runners are running in the rain again and again.
Thinking about something is nothing like doing it. Interesting things need doing!
What a wonderful morning! Isn't it? It's warm, it's bright, and we're all here.
Unhappy, unkind, untrue; kindness, happiness, fitness, darkness, lateness.
Nation, station, relation, formation: information about tokenisation.
In 1984 there were 365 days, in 2024 there were 366; 12.50 + 7.50 = 20.00 (yes).
Write to nobody@example.com or see https://example.com/a/b?c=1&d=2#top today.
if (x > 0) { return x * 2; } else { return -x / 3; } // "quoted" 'text' `code` ~ ^ | \\ _ % $ @ # <tag> [list]
Café, naïve, résumé, über, façade, jalapeño, smörgåsbord, Straße, Œuvre, œuf.
Der schnelle braune Fuchs springt über den faulen Hund und schläft im Haus.
Le renard brun saute par-dessus le chien paresseux, puis il dort à l'ombre.
El zorro marrón salta sobre el perro perezoso y después duerme la siesta.
Быстрая лиса прыгает через собаку. Η γρήγορη αλεπού πηδάει.
مرحبا بالعالم שלום עולם नमस्ते दुनिया สวัสดี
你好世界 今天天气很好 こんにちは 東京 한국어
😀 😂 🎉 👍 ❤ 🤷
The end of the story is the start of the story, and so the story goes on and on.
""".splitlines()

FAMILY = "👩\u200d👩\u200d👧\u200d👦"
TEXTS = [
    "", " ", "   \t \n ", "a", "The quick brown fox jumps.", "THE QUICK Brown fOx", "running runner unkindness",
    "  leading, trailing  ", "two  spaces   three", "tab\tand\nnewline\r\nend", "\ta", "a\n", "\n\n\n",
    "no-break\u00a0space\u2003em\u3000wide", "\u2028line\u2029paragraph\u000bvertical\u000cfeed",
    # Accents, composed and not; letters that change their number when lowered
    "Café naïve résumé", "Cafe\u0301 nai\u0308ve", "Å A\u030a \u212b ﬁ ﬂ ½ ²", "İstanbul ıI ß ẞ Straße",
    "ŒUVRE œuf Ǆ ǅ", "e\u0301\u0302\u0303\u0304 zalgo\u0334\u0335", "\U0001d4d0\U0001d4d1 𝟙𝟚 Ⅻ ① ㎏",
    # Emoji
    "😀😂 hello 🎉!", f"{FAMILY} family {FAMILY}", "👍\U0001f3fd 🇩🇪🇫🇷 1\ufe0f\u20e3 ❤\ufe0f 🏴\u200d☠\ufe0f",
    # Scripts
    "你好世界", "今天 is 天气 good好", "東京タワー ひらがな カタカナ", "한국어 처리 \u1112\u1161\u11ab", "𠀀𪜶 rare 㐀",
    "مَرْحَبًا بالعالم", "שָׁלוֹם עולם", "नमस्ते दुनिया क्षत्रिय", "สวัสดีชาวโลก", "Быстрая ЛИСА ёж й",
    "ΣΊΣΥΦΟΣ Η γρήγορη", "mixed英語とрусский123عربي",
    # What should not be in a text, and is
    "a\u0000b\u0001c\u007fd\u0085e\u009ff", "zero\u200bwidth\u200c\u200d\ufeffjoin soft\u00adhyphen",
    "\u202eright to left\u202c \u2066isolate\u2069", "bad \ufffd\ufffd bytes \ufffe \uffff \ue000",
    # Long words, numbers, punctuation
    "thing" * 1000, "x" * 300, "z" * 100, "z" * 101, "12345678901234567890", "3.14 1,000,000 -7 1e-5 0x1F ½",
    "don't can't I'll we've he'd it's DON'T", "!!!???...,,,;;;", "¿Qué? ¡Sí! «oui» „ja“ ‘x’ …—–",
    "$5 €5 £5 ₹5 5% 5‰ ± × ÷ ∞ ≠ √", "a/b\\c|d_e-f+g=h*i&j^k~l`m",
    "https://example.com/a?b=c&d=1#top nobody@example.com", "if (x > 0) { return x[1] * 2; }", "<b>bold</b> &amp; &lt;",
    # Texts that look like tokens
    "[CLS] a [SEP] b [MASK] c [PAD] [UNK]", "[cls][SEP]x[MASK]y", "<s>a</s> <pad> <unk> <mask>", "a <mask>  <mask>b",
    "##ing ## #a", "Ġhello Ċ ▁under",
]
PAIRS = [  # an empty second text counts as none, but in Python's slow tokenizers
    ("The quick fox", "the lazy dog"), ("", "only the second"), ("only the first", ""), ("", ""),
    ("Café ☕", "今天天气很好"), ("a [SEP] b", "<s> c </s>"), (f"{FAMILY}!", "مرحبا"),
]
LONG, SHORT = "the story goes on and on and the dog runs in the rain", "the dog"
TRUNCATED = [
    (LONG, None, 12), (LONG, None, 3), (SHORT, None, 12), ("naïve " + LONG, None, 7),
    ("今天天气很好你好世界東京 " * 2, None, 12), (LONG, SHORT, 12), (SHORT, LONG, 12), (LONG, LONG, 12), (LONG, LONG, 13),
    ("a b c d e", "f g h i j k", 12), ("a b c d e f", "g h i j k", 12), ("a b c d", "e f g h i j k l m n", 12),
    ("a b c d e", "", 5), (LONG, "今天天气很好你好世界", 12),
]
TWEETS = [  # what BERTweet makes words of where it normalises
    "@user1 see http://a.b/c and www.x.yz, t.co/abc or HTTPS://X.Y/(a(b)c)?d=1!", "@ @é #tag #a_b' ## a@b.com foo@_x.com",
    "don’t can't cannot, ain't I'm we'll he'd they've it's n't O'Neil rock'n'roll", "so goood!!!!! ..... . . . ----- $$$$$",
    "&amp; &lt;3 &#39; &#x27; &xi; &x41; &#150; &#x110000; &hellip; &rsquo; &nbsp;| &foo; &; &#; &alpha;&Omega; &#+6_5;",
    ":-) :D =( 8-p <3 D: |: x:x -> <-- --> <b> <a href=x>", "555-123-4567 +1 (555) 123 4567 12.50 1/2 +5-6 1,000:30",
    "5 p.m. p . m . 6 a . m z a.m. … ‘q’ “Q”", "你好世界 😀😀 ❤\ufe0f नमस्ते e\u0301 x_y-z _ __ ²³ ½ １２３", "<s>@a</s> <mask> #b",
]
CASES = [(text, None, None) for text in TEXTS] + [(first, second, None) for first, second in PAIRS] + TRUNCATED


def wordpiece_vocabulary(flags: dict, size: int) -> list[str]:
    """The special tokens, every character, then the repeated pieces that save most tokens.

    The library's own trainer gives another vocabulary on every run."""
    normalizer = normalizers.BertNormalizer(lowercase=flags["do_lower_case"], strip_accents=flags["strip_accents"],
                                            handle_chinese_chars=flags["tokenize_chinese_chars"])
    pieces = Counter(prefix + character for character in ascii_lowercase + digits for prefix in ("", "##"))
    for line in CORPUS:
        for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normalizer.normalize_str(line)):
            for start in range(len(word)):
                for end in range(start + 1, len(word) + 1):
                    pieces["##" * (start > 0) + word[start:end]] += 1
    saved = {piece: count * (len(piece.removeprefix("##")) - 1) for piece, count in pieces.items()}
    characters = sorted(piece for piece in pieces if saved[piece] == 0)
    longer = [piece for piece in pieces if saved[piece] and pieces[piece] > 1]
    longer.sort(key=lambda piece: (-saved[piece], piece))
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *longer][:size]


def write_wordpiece(folder: Path, flags: dict, tokenizer_json: bool) -> None:
    vocabulary = wordpiece_vocabulary(flags, size=400)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    if tokenizer_json:
        tokenizer = BertTokenizer({piece: id for id, piece in enumerate(vocabulary)}, **flags)
        write_json(folder / "tokenizer.json", json.loads(tokenizer.backend_tokenizer.to_str()))
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "model_max_length": 64} | flags)


def write_old_wordpiece(folder: Path) -> None:
    """A folder from before `added_tokens_decoder`: tokens were added in files of their own."""
    write_wordpiece(folder, CASED, tokenizer_json=False)
    mask = {"content": "<mask>", "lstrip": True, "rstrip": True, "single_word": False, "normalized": False}
    write_json(folder / "special_tokens_map.json", {"mask_token": mask, "additional_special_tokens": ["<b>", "the"]})
    write_json(folder / "added_tokens.json", {"ß": 401, "<b>": 400, "</s>": 402})


def write_bpe(folder: Path) -> None:
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False,
                                                            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    trained.model.save(str(folder))  # vocab.json and merges.txt
    merges = [tuple(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]
    tokenizer = json.loads(RobertaTokenizer(trained.get_vocab(), merges).backend_tokenizer.to_str())
    mask = next(token for token in tokenizer["added_tokens"] if token["content"] == "<mask>")
    mask["lstrip"] = True  # as in every published RoBERTa: the mask takes the space before it
    write_json(folder / "tokenizer.json", tokenizer)
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer", "mask_token": MASK, "model_max_length": 64})


def write_marked(folder: Path, settings: dict, odd_lines: bool = False) -> None:
    """`vocab.txt` and `bpe.codes` as fastBPE writes them: every piece, and every pair that is joined, with a count."""
    words = Counter(word for line in CORPUS for word in line.split())
    parts = {word: (*word[:-1], word[-1] + "</w>") for word in words}
    codes = []
    while len(codes) < 250:
        pairs = Counter()
        for word, count in words.items():
            pairs.update(dict.fromkeys(zip(parts[word], parts[word][1:]), count))
        (left, right), count = min(pairs.items(), key=lambda item: (-item[1], item[0]))
        codes.append(f"{left} {right} {count}")
        for word, symbols in parts.items():
            parts[word] = tuple("\t".join(symbols).replace(f"{left}\t{right}", left + right).split("\t")
                                if f"\t{left}\t{right}\t" in "\t" + "\t".join(symbols) + "\t" else symbols)
    pieces = Counter()
    for word, count in words.items():
        pieces.update({(symbol + "@@").replace("</w>@@", ""): count for symbol in parts[word]})
    pieces.update({character + mark: 1 for character in ascii_lowercase + digits for mark in ("", "@@")})
    lines = [f"{piece} {count}" for piece, count in sorted(pieces.items(), key=lambda item: (-item[1], item[0]))]
    # Codes whose order is not that in which pieces grow, a piece that is not there, and what is there twice.
    codes[3:3] = ["t h 9", "z z 9", "zz z</w> 9", "th t 9", "o g</w> 1"]
    if odd_lines:
        lines[40:40] = [lines[5], "<unk> 3", "two words 2"]
        codes += ["a b", "a b c 1", "q u\t8", "", "x y 9"]
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n")
    (folder / "bpe.codes").write_text("\n".join(codes) + ("" if odd_lines else "\n"))
    write_json(folder / "tokenizer_config.json", settings | {"model_max_length": 64})


RULES = {  # of normalisation, few but of every kind: the usual ones take 240 KB
    "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u3000": " ", "\u200b": "", "\ufeff": "", "ﬁ": "fi", "…": "...",
    "½": "1/2", "㎏": "kg", "①": "1", "e\u0301": "é", "\u0100": "A", "\U0001d4d0": "A",
}


def write_sentencepiece(folder: Path, file: str, settings: dict, symbols: dict, tokenizer_json: bool = False) -> None:
    model = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        for source, target in RULES.items():
            rules.write("\t".join(" ".join(f"{ord(one):X}" for one in text) for text in (source, target)) + "\n")
        rules.flush()
        SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=300, hard_vocab_limit=False, num_threads=1,
            character_coverage=0.98, normalization_rule_tsv=rules.name, minloglevel=2, **symbols)
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    proto.normalizer_spec.normalization_rule_tsv = ""  # a path
    (folder / file).write_bytes(proto.SerializeToString(deterministic=True))
    write_json(folder / "tokenizer_config.json", settings | {"model_max_length": 64})
    if tokenizer_json:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        write_json(folder / "tokenizer.json", json.loads(tokenizer.backend_tokenizer.to_str()))


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_expected(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lines = []
    tweets = [(text, None, None) for text in TWEETS] if getattr(tokenizer, "normalization", False) else []
    for text, text_pair, max_length in CASES + tweets:
        encoding = tokenizer(text, text_pair, truncation="longest_first" if max_length else False,
                             max_length=max_length, return_offsets_mapping=tokenizer.is_fast,
                             return_token_type_ids=True)
        case = {"text": text, "text_pair": text_pair, "max_length": max_length, "ids": encoding["input_ids"],
                "type_ids": encoding["token_type_ids"], "offsets": encoding.get("offset_mapping")}
        if not tokenizer.is_fast:
            case["decoded"] = tokenizer.decode(encoding["input_ids"])
            case["text_only"] = tokenizer.decode(encoding["input_ids"], skip_special_tokens=True)
        given = {key: value for key, value in case.items() if value is not None}
        lines.append(json.dumps(given, separators=(",", ":")))
    made_with = f"{type(tokenizer).__name__}, transformers {transformers.__version__}"
    cases = ",\n".join(lines)
    (folder / "expected.json").write_text(f'{{"made_with": "{made_with}", "cases": [\n{cases}\n]}}\n')
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{folder.name}: {made_with}, {len(tokenizer)} tokens, {len(lines)} cases, {size // 1024} KiB")


UNCASED = {"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True}
CASED = {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False}
FAIRSEQ = {"unk_id": 0, "bos_id": 1, "eos_id": 2}
ALBERT = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "control_symbols": ["[CLS]", "[SEP]", "[MASK]"],
          "user_defined_symbols": ["-", "(", "€"]}
DEBERTA = {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]", "bos_piece": "[CLS]",
           "eos_piece": "[SEP]", "unk_piece": "[UNK]"}
XLNET = FAIRSEQ | {"control_symbols": ["<cls>", "<sep>", "<pad>", "<mask>", "<eod>", "<eop>"]}
MASK = {"__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "single_word": False,
        "normalized": False, "special": True}
LISTED = {key: value for key, value in MASK.items() if key != "__type"}
TOKENIZERS = {
    "wordpiece": lambda folder: write_wordpiece(folder, UNCASED, tokenizer_json=True),
    "wordpiece-cased": lambda folder: write_wordpiece(folder, CASED, tokenizer_json=False),
    "wordpiece-old": write_old_wordpiece,
    "bpe": write_bpe,
    "xlm-roberta": lambda folder: write_sentencepiece(
        folder, "sentencepiece.bpe.model", {"tokenizer_class": "XLMRobertaTokenizer", "mask_token": MASK}, FAIRSEQ,
        tokenizer_json=True),
    "camembert": lambda folder: write_sentencepiece(
        folder, "sentencepiece.bpe.model", {"tokenizer_class": "CamembertTokenizer"}, FAIRSEQ),
    "albert": lambda folder: write_sentencepiece(folder, "spiece.model", {"tokenizer_class": "AlbertTokenizer"}, ALBERT),
    "albert-cased": lambda folder: write_sentencepiece(
        folder, "spiece.model", {"tokenizer_class": "AlbertTokenizer", "do_lower_case": False, "keep_accents": True,
                                 "extra_special_tokens": ["dog", "<b>"]}, ALBERT),
    "deberta-v2": lambda folder: write_sentencepiece(
        folder, "spm.model", {"tokenizer_class": "DebertaV2Tokenizer"}, DEBERTA),
    "deberta-v2-lower": lambda folder: write_sentencepiece(
        folder, "spm.model", {"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": True, "split_by_punct": True},
        DEBERTA),
    "phobert": lambda folder: write_marked(folder, {"tokenizer_class": "PhobertTokenizer"}),
    "bertweet": lambda folder: write_marked(
        folder, {"tokenizer_class": "BertweetTokenizer", "normalization": False, "extra_special_tokens": ["<b>", "dog"],
                 "clean_up_tokenization_spaces": True,
                 "added_tokens_decoder": {"500": LISTED, "499": LISTED | {"content": "the", "special": False}}},
        odd_lines=True),
    "bertweet-tweets": lambda folder: write_marked(
        folder, {"tokenizer_class": "BertweetTokenizer", "normalization": True}),
    "xlnet": lambda folder: write_sentencepiece(folder, "spiece.model", {"tokenizer_class": "XLNetTokenizer"}, XLNET),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent,
                        help="default: beside the script")
    parser.add_argument("--only", choices=TOKENIZERS, metavar="NAME", help="one tokenizer instead of all")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    for name in [arguments.only] if arguments.only else TOKENIZERS:
        folder = arguments.folder / "tokenizers" / name
        folder.mkdir(parents=True, exist_ok=True)
        TOKENIZERS[name](folder)
        write_expected(folder)


if __name__ == "__main__":
    main()
