//! Tokenizers of SentencePiece without a `tokenizer.json`: what `transformers` puts around the pieces
//! of each family. [`tokenizer_json`] is called by `slow.rs`.
//!
//! `transformers` 5: `models/xlm_roberta/tokenization_xlm_roberta.py` and its like, and `convert_slow_tokenizer.py`.
//! `tokenization_deberta_v2.py` does without the rules of normalisation in the file, which is told in a warning.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokenizers::AddedToken;

use super::added_tokens::{StatedTokens, extra_tokens};
use super::class::{Class, Family};
use super::sentencepiece::{Piece, PieceKind, SentencePiece};

/// A `tokenizer.json`. Its pieces, of which there may be 250,000, never are values of JSON.
#[derive(Serialize)]
struct TokenizerJson<'a> {
    version: &'static str,
    added_tokens: Vec<Value>,
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: Value,
    decoder: Value,
    model: ModelJson<'a>,
}

#[derive(Serialize)]
struct ModelJson<'a> {
    r#type: &'static str,
    unk_id: u32,
    byte_fallback: bool,
    vocab: Vec<(&'a str, f64)>,
}

/// The `tokenizer.json` of a family with these pieces.
///
/// # Errors
/// None that is known: those of `serde_json`.
pub fn tokenizer_json(
    class: &Class,
    family: Family,
    model: &SentencePiece,
    settings: &Map<String, Value>,
    tokens: &StatedTokens,
    warnings: &mut Vec<String>,
) -> serde_json::Result<String> {
    if family == Family::DebertaV2 && !model.charsmap.is_empty() {
        warnings.push(
            "the rules of normalisation in spm.model are left aside, as in transformers 5: ligatures, full-width letters \
             and the like have other ids than in version 4, and than with the model's tokenizer.json"
                .into(),
        );
    }
    let mut roles: [AddedToken; 7] = std::array::from_fn(|role| tokens.special(class.roles[role]));
    let [.., mask] = &mut roles;
    mask.lstrip |= class.strips_before_mask() && tokens.is_plain("mask_token");
    let (vocab, unk_id) = vocabulary(family, model, &roles);
    // As in transformers 5: symbols of the file give way to tokens that `tokenizer_config.json` names.
    let mut extra = extra_tokens(settings);
    if extra.is_empty() {
        let of_file = model.pieces.iter().filter(|piece| piece.kind != PieceKind::Word);
        let symbol = |piece: &Piece| AddedToken::from(piece.text, piece.kind == PieceKind::Control).normalized(false);
        extra = of_file.map(symbol).collect();
    }
    let added = [&roles[..], &extra].concat();
    let ids = ids(&vocab, &added);
    serde_json::to_string(&TokenizerJson {
        version: "1.0",
        added_tokens: tokens.added(&added, &ids),
        normalizer: json!({"type": "Sequence", "normalizers": normalizers(family, model.charsmap, settings)}),
        pre_tokenizer: json!({"type": "Sequence", "pretokenizers": pre_tokenizers(family, settings)}),
        post_processor: post_processor(family, &roles, &ids),
        decoder: metaspace(family, settings),
        model: ModelJson { r#type: "Unigram", unk_id, byte_fallback: false, vocab },
    })
}

/// Pieces with their scores, and the id of the unknown one. Those of fairseq have other ids than
/// SentencePiece gave them.
fn vocabulary<'a>(family: Family, model: &SentencePiece<'a>, roles: &'a [AddedToken; 7]) -> (Vec<(&'a str, f64)>, u32) {
    let [bos, eos, unk, _, pad, _, mask] = roles.each_ref().map(|token| token.content.as_str());
    let pieces = |first: usize| model.pieces.iter().skip(first).map(|piece| (piece.text, f64::from(piece.score)));
    match family {
        Family::XlmRoberta => {
            let first = [(bos, 0.0), (pad, 0.0), (eos, 0.0), (unk, 0.0)];
            (first.into_iter().chain(pieces(3)).chain([(mask, 0.0)]).collect(), 3)
        }
        Family::Camembert => {
            let first = [("<s>NOTUSED", 0.0), (pad, 0.0), ("</s>NOTUSED", 0.0), (unk, 0.0), ("<unk>NOTUSED", -100.0)];
            (first.into_iter().chain(pieces(1)).chain([(mask, 0.0)]).collect(), 3)
        }
        Family::Albert | Family::DebertaV2 | Family::Xlnet => (pieces(0).collect(), model.unknown),
    }
}

/// Ids of added tokens: those of their pieces, or else the next free ones.
fn ids(vocabulary: &[(&str, f64)], added: &[AddedToken]) -> Map<String, Value> {
    let mut ids: Map<String, Value> = added.iter().map(|token| (token.content.clone(), Value::Null)).collect();
    for (id, (piece, _)) in vocabulary.iter().enumerate() {
        if let Some(known) = ids.get_mut(*piece) {
            *known = id.into();
        }
    }
    for (id, free) in ids.values_mut().filter(|id| id.is_null()).zip(vocabulary.len()..) {
        *id = free.into();
    }
    ids
}

fn flag(settings: &Map<String, Value>, key: &str, default: bool) -> bool {
    settings.get(key).and_then(Value::as_bool).unwrap_or(default)
}

fn normalizers(family: Family, charsmap: &[u8], settings: &Map<String, Value>) -> Vec<Value> {
    let replace = |pattern: Value, to: &str| json!({"type": "Replace", "pattern": pattern, "content": to});
    let mut all = Vec::new();
    if matches!(family, Family::Albert | Family::Xlnet) {
        all.extend(["``", "''"].map(|quotes| replace(json!({"String": quotes}), "\"")));
        if family == Family::Xlnet || !flag(settings, "keep_accents", false) {
            all.extend([json!({"type": "NFKD"}), json!({"type": "StripAccents"})]);
        }
    }
    let lower_case = match family {
        Family::Albert => flag(settings, "do_lower_case", true),
        Family::DebertaV2 | Family::Xlnet => flag(settings, "do_lower_case", false),
        Family::XlmRoberta | Family::Camembert => false,
    };
    if lower_case {
        all.push(json!({"type": "Lowercase"}));
    }
    if family == Family::DebertaV2 {
        all.push(replace(json!({"Regex": r"\s{2,}|[\n\r\t]"}), " "));
        all.push(json!({"type": "NFC"}));
        all.push(json!({"type": "Strip", "strip_left": false, "strip_right": true}));
    } else if !charsmap.is_empty() {
        all.push(json!({"type": "Precompiled", "precompiled_charsmap": BASE64_STANDARD.encode(charsmap)}));
    }
    all
}

fn pre_tokenizers(family: Family, settings: &Map<String, Value>) -> Vec<Value> {
    let first = match family {
        Family::DebertaV2 => {
            flag(settings, "split_by_punct", false).then(|| json!({"type": "Punctuation", "behavior": "Isolated"}))
        }
        _ => Some(json!({"type": "WhitespaceSplit"})),
    };
    first.into_iter().chain([metaspace(family, settings)]).collect()
}

/// What writes spaces as `▁`.
fn metaspace(family: Family, settings: &Map<String, Value>) -> Value {
    let prefix = family == Family::Xlnet || flag(settings, "add_prefix_space", true);
    let scheme = match (prefix, family) {
        (true, _) => "always",
        (false, Family::DebertaV2) => "first",
        (false, _) => "never",
    };
    json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true})
}

/// What stands around a text and a pair of texts.
fn post_processor(family: Family, roles: &[AddedToken; 7], ids: &Map<String, Value>) -> Value {
    let [bos, eos, _, sep, _, cls, _] = roles.each_ref().map(|token| token.content.as_str());
    match family {
        Family::XlmRoberta | Family::Camembert => template(
            &[(bos, 0), (FIRST, 0), (eos, 0)],
            &[(bos, 0), (FIRST, 0), (eos, 0), (eos, 0), (SECOND, 0), (eos, 0)],
            ids,
        ),
        Family::Albert | Family::DebertaV2 => {
            template(&[(cls, 0), (FIRST, 0), (sep, 0)], &[(cls, 0), (FIRST, 0), (sep, 0), (SECOND, 1), (sep, 1)], ids)
        }
        Family::Xlnet => {
            template(&[(FIRST, 0), (sep, 0), (cls, 2)], &[(FIRST, 0), (sep, 0), (SECOND, 1), (sep, 1), (cls, 2)], ids)
        }
    }
}

/// The first text in a template.
pub const FIRST: &str = "$A";
/// The second of them.
pub const SECOND: &str = "$B";

/// A template of texts and special tokens, each with its token type. `ids` are those of the special ones.
pub fn template(single: &[(&str, u32)], pair: &[(&str, u32)], ids: &Map<String, Value>) -> Value {
    let part = |&(name, kind): &(&str, u32)| match name {
        FIRST => json!({"Sequence": {"id": "A", "type_id": kind}}),
        SECOND => json!({"Sequence": {"id": "B", "type_id": kind}}),
        token => json!({"SpecialToken": {"id": token, "type_id": kind}}),
    };
    let parts = |template: &[(&str, u32)]| template.iter().map(part).collect::<Vec<_>>();
    let used = pair.iter().filter_map(|&(name, _)| Some((name, ids.get(name)?)));
    let special: Map<String, Value> =
        used.map(|(token, id)| (token.to_owned(), json!({"id": token, "ids": [id], "tokens": [token]}))).collect();
    json!({"type": "TemplateProcessing", "single": parts(single), "pair": parts(pair), "special_tokens": special})
}
