//! Tokenizers without a `tokenizer.json`: the vocabulary files that the slow tokenizers of
//! Python read become the `tokenizer.json` that Python itself would make of them.
//! `transformers`: `models/bert/tokenization_bert.py`, `models/roberta/tokenization_roberta.py`; for
//! SentencePiece see `slow_unigram.rs`.

use serde_json::{Map, Value, json};

use super::added_tokens::StatedTokens;
use super::advice::advice;
use super::files::SmallFiles;
use super::sentencepiece::SentencePiece;
use super::slow_marked::{self, is_marked};
use super::slow_unigram::{self, Family};
use crate::error::Result;

/// Classes whose vocabulary is a `vocab.txt` of word pieces, and the model types whose
/// tokenizers are of these classes unless a file says otherwise.
const WORD_PIECE_CLASSES: &[&str] = &[
    "BertTokenizer",
    "BertTokenizerFast",
    "DistilBertTokenizer",
    "DistilBertTokenizerFast",
    "ElectraTokenizer",
    "ElectraTokenizerFast",
    "bert",
    "distilbert",
    "electra",
];

/// Those whose vocabulary is a `vocab.json` and a `merges.txt` of bytes.
const BYTE_PAIR_CLASSES: &[&str] = &[
    "RobertaTokenizer",
    "RobertaTokenizerFast",
    "BartTokenizer",
    "BartTokenizerFast",
    "roberta",
    "data2vec-text",
    "bart",
];

/// Special tokens by role, with the names they have unless a file says otherwise.
const WORD_PIECE_TOKENS: [(&str, &str); 5] = [
    ("unk_token", "[UNK]"),
    ("sep_token", "[SEP]"),
    ("pad_token", "[PAD]"),
    ("cls_token", "[CLS]"),
    ("mask_token", "[MASK]"),
];
const BYTE_PAIR_TOKENS: [(&str, &str); 6] = [
    ("bos_token", "<s>"),
    ("sep_token", "</s>"),
    ("unk_token", "<unk>"),
    ("pad_token", "<pad>"),
    ("cls_token", "<s>"),
    ("mask_token", "<mask>"),
];

/// The `tokenizer.json` that follows from the other files. `settings` is the contents of
/// `tokenizer_config.json`.
///
/// # Errors
/// [`crate::Error::Tokenizer`] when there is no vocabulary or its class is not supported.
pub fn tokenizer_json(files: &SmallFiles, settings: &Map<String, Value>, warnings: &mut Vec<String>) -> Result<String> {
    let special = StatedTokens::read(files, settings)?;
    let class = class(files, settings);
    let is = |classes: &[&str]| class.as_deref().is_none_or(|class| classes.contains(&class));
    if let Some(family) = class.as_deref().and_then(Family::of)
        && let Some(file) = files.bytes(family.file())?
    {
        let refuse = |reason: String| files.tokenizer_error(format!("{}: {reason}", family.file()));
        let model = SentencePiece::parse(file).map_err(refuse)?;
        let json = slow_unigram::tokenizer_json(family, &model, settings, &special);
        return json.map_err(|error| refuse(error.to_string()));
    }
    let text = |name| files.text(name);
    if let (Some(vocabulary), Some(codes), true) =
        (text("vocab.txt")?, text("bpe.codes")?, class.as_deref().is_none_or(is_marked))
    {
        let special = match text("tokenizer.json")? {
            Some(json) => special.with_those_of(json).map_err(|error| files.tokenizer_error(error.to_string()))?,
            None => special,
        };
        let json = slow_marked::tokenizer_json(vocabulary, codes, &special, warnings);
        return json.map(|json| json.to_string()).map_err(|reason| files.tokenizer_error(reason));
    }
    match (text("vocab.txt")?, text("vocab.json")?, text("merges.txt")?) {
        (Some(vocabulary), ..) if is(WORD_PIECE_CLASSES) => Ok(word_piece(vocabulary, settings, &special).to_string()),
        (None, Some(vocabulary), Some(merges)) if is(BYTE_PAIR_CLASSES) => {
            let vocabulary = serde_json::from_str(vocabulary);
            let vocabulary = vocabulary.map_err(|error| files.tokenizer_error(format!("vocab.json: {error}")))?;
            let json = byte_pair(vocabulary, merges, settings, &special);
            json.map(|json| json.to_string())
                .ok_or_else(|| files.tokenizer_error("vocab.json lacks the special tokens, or merges.txt is malformed"))
        }
        _ => Err(files.tokenizer_error(advice(class.as_deref(), files))),
    }
}

/// Whether Python leaves a `tokenizer.json` aside, because the class has no fast form.
pub fn leaves_json_aside(files: &SmallFiles, settings: &Map<String, Value>, warnings: &mut Vec<String>) -> bool {
    let Some(class) = class(files, settings).filter(|class| is_marked(class)) else {
        return false;
    };
    let complete = files.get("vocab.txt").is_some() && files.get("bpe.codes").is_some();
    warnings.push(match complete {
        true => {
            format!("tokenizer.json is left aside but for its added tokens, as {class} reads vocab.txt and bpe.codes")
        }
        false => format!("{class} reads vocab.txt and bpe.codes, which are not there; tokenizer.json is read instead"),
    });
    complete
}

/// The class of a tokenizer, or what stands for it.
fn class(files: &SmallFiles, settings: &Map<String, Value>) -> Option<String> {
    let stated = settings.get("tokenizer_class").and_then(Value::as_str).map(str::to_owned);
    stated.or_else(|| in_config(files, "tokenizer_class")).or_else(|| in_config(files, "model_type"))
}

/// A text of `config.json`, if it is there.
fn in_config(files: &SmallFiles, field: &str) -> Option<String> {
    let config: Value = serde_json::from_slice(files.get("config.json")?).ok()?;
    Some(config.get(field)?.as_str()?.to_owned())
}

/// BERT: word pieces.
fn word_piece(lines: &str, settings: &Map<String, Value>, special: &StatedTokens) -> Value {
    let flag = |key: &str, default: bool| settings.get(key).and_then(Value::as_bool).unwrap_or(default);
    let ids = lines.lines().zip(0_u32..);
    let vocabulary: Map<String, Value> = ids.map(|(piece, id)| (piece.to_owned(), id.into())).collect();
    let roles = WORD_PIECE_TOKENS.map(|role| special.special(role));
    let [unk, sep, _, cls, _] = roles.each_ref().map(|token| token.content.as_str());
    let tokens = [&roles[..], &special.extra].concat();
    let id = |token: &str, default: u32| vocabulary.get(token).cloned().unwrap_or(default.into());
    json!({
        "version": "1.0",
        "added_tokens": special.added(&tokens, &vocabulary),
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": flag("tokenize_chinese_chars", true),
            "strip_accents": settings.get("strip_accents"),
            "lowercase": flag("do_lower_case", true),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": [sep, id(sep, 3)], "cls": [cls, id(cls, 2)]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece",
            "unk_token": unk,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    })
}

/// RoBERTa: byte pairs. `None` when a special token is not in the vocabulary or a line of
/// the merges is not a pair.
fn byte_pair(
    vocabulary: Map<String, Value>,
    merges: &str,
    settings: &Map<String, Value>,
    special: &StatedTokens,
) -> Option<Value> {
    let flag = |key: &str, default: bool| settings.get(key).and_then(Value::as_bool).unwrap_or(default);
    let add_prefix_space = flag("add_prefix_space", false);
    let mut roles = BYTE_PAIR_TOKENS.map(|role| special.special(role));
    let [.., mask] = &mut roles;
    mask.lstrip = true;
    let [_, sep, _, _, cls, _] = roles.each_ref().map(|token| token.content.as_str());
    let tokens = [&roles[..], &special.extra].concat();
    let merges = merges.lines().filter(|line| !line.starts_with("#version") && !line.is_empty());
    let merges = merges.map(|line| line.split_once(' ').map(|(left, right)| json!([left, right])));
    let (sep_id, cls_id) = (vocabulary.get(sep)?.clone(), vocabulary.get(cls)?.clone());
    Some(json!({
        "version": "1.0",
        "added_tokens": special.added(&tokens, &vocabulary),
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": true},
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": [sep, sep_id],
            "cls": [cls, cls_id],
            "trim_offsets": flag("trim_offsets", true),
            "add_prefix_space": add_prefix_space,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {
            "type": "BPE",
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": false,
            "merges": merges.collect::<Option<Vec<_>>>()?,
            "vocab": vocabulary,
        },
    }))
}
