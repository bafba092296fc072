//! Tokenizers without a `tokenizer.json`: the vocabulary files that the slow tokenizers of
//! Python read become the `tokenizer.json` that Python itself would make of them.
//! `transformers`: `models/bert/tokenization_bert.py`, `models/roberta/tokenization_roberta.py` and their like; for
//! SentencePiece see `slow_unigram.rs`.

use serde_json::{Map, Value, json};
use tokenizers::AddedToken;

use super::added_tokens::StatedTokens;
use super::advice::advice;
use super::class::{Class, Form, Found};
use super::files::SmallFiles;
use super::sentencepiece::SentencePiece;
use super::slow_unigram::{FIRST, SECOND};
use super::{slow_marked, slow_unigram};
use crate::error::Result;

/// The `tokenizer.json` that follows from the other files. `settings` is the contents of
/// `tokenizer_config.json`. Where no file says anything of the class, the vocabulary decides.
///
/// # Errors
/// [`crate::Error::Tokenizer`] when there is no vocabulary or its class is not supported.
pub fn tokenizer_json(
    files: &SmallFiles,
    settings: &Map<String, Value>,
    found: &Found,
    warnings: &mut Vec<String>,
) -> Result<String> {
    let special = StatedTokens::read(files, settings)?;
    let class = found.class();
    let text = |name| files.text(name);
    if let Form::SentencePiece(family) = class.form
        && let Some(file) = files.bytes(family.file())?
    {
        let refuse = |reason: String| files.tokenizer_error(format!("{}: {reason}", family.file()));
        let model = SentencePiece::parse(file).map_err(refuse)?;
        let json = slow_unigram::tokenizer_json(class, family, &model, settings, &special, warnings);
        return json.map_err(|error| refuse(error.to_string()));
    }
    let may_be = |form: Form| found.name.is_none() || class.form == form;
    let or = |form: Form| if found.name.is_none() { Class::first_of(form) } else { class };
    if let (Some(vocabulary), Some(codes), true) = (text("vocab.txt")?, text("bpe.codes")?, may_be(Form::Marked)) {
        let special = match text("tokenizer.json")? {
            Some(json) => special.with_those_of(json).map_err(|error| files.tokenizer_error(error.to_string()))?,
            None => special,
        };
        let tweets = found.name.as_deref().is_some_and(|name| name.starts_with("Bertweet"))
            && settings.get("normalization").and_then(Value::as_bool).unwrap_or(false);
        let json = slow_marked::tokenizer_json(or(Form::Marked), vocabulary, codes, &special, tweets, warnings);
        return json.map(|json| json.to_string()).map_err(|reason| files.tokenizer_error(reason));
    }
    match (text("vocab.txt")?, text("vocab.json")?, text("merges.txt")?) {
        (Some(vocabulary), ..) if may_be(Form::WordPiece) => {
            Ok(word_piece(or(Form::WordPiece), vocabulary, settings, &special).to_string())
        }
        (_, Some(vocabulary), Some(merges)) if may_be(Form::BytePair) => {
            let vocabulary = serde_json::from_str(vocabulary);
            let vocabulary = vocabulary.map_err(|error| files.tokenizer_error(format!("vocab.json: {error}")))?;
            let json = byte_pair(or(Form::BytePair), vocabulary, merges, settings, &special);
            json.map(|json| json.to_string()).ok_or_else(|| files.tokenizer_error("merges.txt is malformed"))
        }
        _ => Err(files.tokenizer_error(advice(found, files))),
    }
}

/// Whether Python leaves a `tokenizer.json` aside, because the class has no fast form.
pub fn leaves_json_aside(files: &SmallFiles, found: &Found, warnings: &mut Vec<String>) -> bool {
    if found.class().form != Form::Marked {
        return false;
    }
    let class = found.name.as_deref().unwrap_or_default();
    let complete = files.get("vocab.txt").is_some() && files.get("bpe.codes").is_some();
    warnings.push(match complete {
        true => {
            format!("tokenizer.json is left aside but for its added tokens, as {class} reads vocab.txt and bpe.codes")
        }
        false => format!("{class} reads vocab.txt and bpe.codes, which are not there; tokenizer.json is read instead"),
    });
    complete
}

/// Special tokens of a class, and what they are in a `tokenizer.json`.
struct Special {
    roles: Vec<(&'static str, AddedToken)>,
    added: Vec<Value>,
}

impl Special {
    fn of(class: &Class, stated: &StatedTokens, vocabulary: &Map<String, Value>) -> Self {
        let mut roles: Vec<_> = class.roles.iter().map(|&role| (role.0, stated.special(role))).collect();
        if class.strips_before_mask() && stated.is_plain("mask_token") {
            let masks = roles.iter_mut().filter(|(role, _)| *role == "mask_token");
            masks.for_each(|(_, mask)| mask.lstrip = true);
        }
        let tokens: Vec<AddedToken> = roles.iter().map(|(_, token)| token).chain(&stated.extra).cloned().collect();
        Special { added: stated.added(&tokens, vocabulary), roles }
    }

    /// The token of a role with its id.
    fn of_role(&self, role: &str) -> Option<(&str, &Value)> {
        let (_, token) = self.roles.iter().find(|(other, _)| *other == role)?;
        let added = self.added.iter().find(|added| added["content"] == token.content.as_str())?;
        Some((&token.content, &added["id"]))
    }

    /// What stands around a text and a pair of texts.
    fn post_processor(&self, class: &Class, trim_offsets: bool, add_prefix_space: bool) -> Value {
        let (Some(sep), Some(cls)) = (self.of_role("sep_token"), self.of_role("cls_token")) else {
            return slow_unigram::template(&[(FIRST, 0)], &[(FIRST, 0), (SECOND, 1)], &Map::new());
        };
        match class.names[0] {
            "DebertaTokenizer" => {
                let ids = [sep, cls].map(|(token, id)| (token.to_owned(), id.clone())).into_iter().collect();
                let ((sep, _), (cls, _)) = (sep, cls);
                let pair = [(cls, 0), (FIRST, 0), (sep, 0), (sep, 0), (SECOND, 0), (sep, 0)];
                slow_unigram::template(&pair[..3], &pair, &ids)
            }
            "MPNetTokenizer" | "RobertaTokenizer" => json!({
                "type": "RobertaProcessing",
                "sep": sep,
                "cls": cls,
                "trim_offsets": trim_offsets,
                "add_prefix_space": add_prefix_space,
            }),
            _ => json!({"type": "BertProcessing", "sep": sep, "cls": cls}),
        }
    }
}

/// BERT and its like: word pieces.
fn word_piece(class: &Class, lines: &str, settings: &Map<String, Value>, stated: &StatedTokens) -> Value {
    let flag = |key: &str, default: bool| settings.get(key).and_then(Value::as_bool).unwrap_or(default);
    let ids = lines.lines().zip(0_u32..);
    let vocabulary: Map<String, Value> = ids.map(|(piece, id)| (piece.to_owned(), id.into())).collect();
    let special = Special::of(class, stated, &vocabulary);
    json!({
        "version": "1.0",
        "added_tokens": special.added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": flag("tokenize_chinese_chars", true),
            "strip_accents": settings.get("strip_accents"),
            "lowercase": flag("do_lower_case", true),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": special.post_processor(class, true, false),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece",
            "unk_token": special.of_role("unk_token").map(|(token, _)| token),
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    })
}

/// RoBERTa and its like: byte pairs. `None` when a line of the merges is not a pair.
fn byte_pair(
    class: &Class,
    vocabulary: Map<String, Value>,
    merges: &str,
    settings: &Map<String, Value>,
    stated: &StatedTokens,
) -> Option<Value> {
    let flag = |key: &str, default: bool| settings.get(key).and_then(Value::as_bool).unwrap_or(default);
    let add_prefix_space = flag("add_prefix_space", false);
    let special = Special::of(class, stated, &vocabulary);
    let merges = merges.lines().filter(|line| !line.starts_with("#version") && !line.is_empty());
    let merges = merges.map(|line| line.split_once(' ').map(|(left, right)| json!([left, right])));
    Some(json!({
        "version": "1.0",
        "added_tokens": special.added,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": true},
        "post_processor": special.post_processor(class, flag("trim_offsets", true), add_prefix_space),
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
