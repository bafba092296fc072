//! Tokenizers without a `tokenizer.json`: the vocabulary files that the slow tokenizers of
//! Python read become the `tokenizer.json` that Python itself would make of them.
//! `transformers`: `models/bert/tokenization_bert.py`, `models/roberta/tokenization_roberta.py`; for
//! SentencePiece see `slow_unigram.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tokenizers::AddedToken;

use super::files::SmallFiles;
use super::overrides;
use super::sentencepiece::SentencePiece;
use super::slow_unigram::{self, Family};
use crate::error::Result;

/// What is to be done about a folder without any supported tokenizer.
const ADVICE: &str = "save a fast tokenizer with Python: \
    tokenizer = transformers.AutoTokenizer.from_pretrained(ID); tokenizer.save_pretrained(FOLDER)";

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
pub fn tokenizer_json(files: &SmallFiles, settings: &Map<String, Value>) -> Result<String> {
    let special = StatedTokens::read(files, settings)?;
    let class = settings.get("tokenizer_class").and_then(Value::as_str).map(str::to_owned);
    let class = class.or_else(|| model_type(files));
    let is = |classes: &[&str]| class.as_deref().is_none_or(|class| classes.contains(&class));
    if let Some(family) = class.as_deref().and_then(Family::of)
        && let Some(file) = files.bytes(family.file())?
    {
        let refuse = |reason: String| files.tokenizer_error(format!("{}: {reason}; {ADVICE}", family.file()));
        let model = SentencePiece::parse(file).map_err(refuse)?;
        let json = slow_unigram::tokenizer_json(family, &model, settings, &special);
        return json.map_err(|error| refuse(error.to_string()));
    }
    let text = |name| files.text(name);
    match (text("vocab.txt")?, text("vocab.json")?, text("merges.txt")?) {
        (Some(vocabulary), ..) if is(WORD_PIECE_CLASSES) => Ok(word_piece(vocabulary, settings, &special).to_string()),
        (None, Some(vocabulary), Some(merges)) if is(BYTE_PAIR_CLASSES) => {
            let vocabulary = serde_json::from_str(vocabulary);
            let vocabulary = vocabulary.map_err(|error| files.tokenizer_error(format!("vocab.json: {error}")))?;
            let json = byte_pair(vocabulary, merges, settings, &special);
            json.map(|json| json.to_string())
                .ok_or_else(|| files.tokenizer_error("vocab.json lacks the special tokens, or merges.txt is malformed"))
        }
        _ => {
            let class = class.map_or(String::new(), |class| format!(" of {class}"));
            Err(files.tokenizer_error(format!("a tokenizer{class} cannot be built from these files; {ADVICE}")))
        }
    }
}

/// `model_type` of `config.json`, if it is there.
fn model_type(files: &SmallFiles) -> Option<String> {
    let config: Value = serde_json::from_slice(files.get("config.json")?).ok()?;
    Some(config.get("model_type")?.as_str()?.to_owned())
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

/// What the files beside a vocabulary say of tokens that are found in texts before anything else.
pub struct StatedTokens {
    by_role: Map<String, Value>,
    /// By the ids that the files give them.
    listed: BTreeMap<u32, AddedToken>,
    /// Special tokens without a role.
    pub extra: Vec<AddedToken>,
}

impl StatedTokens {
    /// What `added_tokens_decoder` lists counts, beside the rest of `tokenizer_config.json`. Older folders have
    /// `special_tokens_map.json` and `added_tokens.json` instead.
    fn read(files: &SmallFiles, settings: &Map<String, Value>) -> Result<Self> {
        let object = |name: &str| -> Result<Map<String, Value>> {
            let text = files.text(name)?.unwrap_or("{}");
            serde_json::from_str(text).map_err(|error| files.tokenizer_error(format!("{name}: {error}")))
        };
        let mut by_role = settings.clone();
        let mut extra = overrides::extra_tokens(settings);
        if settings.contains_key("added_tokens_decoder") {
            return Ok(StatedTokens { by_role, listed: overrides::added_tokens(settings), extra });
        }
        let map = object("special_tokens_map.json")?;
        by_role.extend(map.clone());
        let roles = by_role.iter().filter(|(key, _)| key.ends_with("_token"));
        let mut special: BTreeSet<String> = extra.iter().map(|token| token.content.clone()).collect();
        special.extend(roles.filter_map(|(_, token)| Some(overrides::added_token(token, true)?.content)));
        let listed = object("added_tokens.json")?.into_iter().filter_map(|(token, id)| {
            let is_special = special.contains(&token);
            Some((u32::try_from(id.as_u64()?).ok()?, AddedToken::from(token, is_special)))
        });
        let listed = listed.collect();
        if extra.is_empty() {
            extra = overrides::extra_tokens(&map);
        }
        Ok(StatedTokens { by_role, listed, extra })
    }

    /// The token with this role, which has this name unless a file says otherwise.
    pub fn special(&self, (role, default): (&str, &str)) -> AddedToken {
        let stated = self.by_role.get(role).and_then(|token| overrides::added_token(token, true));
        AddedToken { special: true, ..stated.unwrap_or_else(|| AddedToken::from(default, true)) }
    }

    /// The `added_tokens` of a `tokenizer.json`, by ascending id: the listed ones, then those of `tokens` that are not
    /// listed. `ids` are those of the vocabulary; what it lacks gets the next free ones.
    pub fn added(&self, tokens: &[AddedToken], ids: &Map<String, Value>) -> Vec<Value> {
        let mut added: BTreeMap<u64, &AddedToken> =
            self.listed.iter().map(|(&id, token)| (u64::from(id), token)).collect();
        let mut seen: BTreeSet<&str> = added.values().map(|token| token.content.as_str()).collect();
        let known = ids.values().filter_map(Value::as_u64).filter(|&id| id <= u64::from(u32::MAX));
        let last = known.chain(added.keys().copied()).max();
        let mut free = last.map_or(0, |last| last + 1)..;
        for token in tokens.iter().filter(|token| seen.insert(&token.content)) {
            let id = ids.get(&token.content).and_then(Value::as_u64).filter(|id| !added.contains_key(id));
            if let Some(id) = id.or_else(|| free.next()) {
                added.insert(id, token);
            }
        }
        let with_id = |(id, token): (u64, &AddedToken)| {
            json!({
                "id": id, "content": token.content, "single_word": token.single_word, "lstrip": token.lstrip,
                "rstrip": token.rstrip, "normalized": token.normalized, "special": token.special,
            })
        };
        added.into_iter().map(with_id).collect()
    }
}
