//! Settings of `tokenizer_config.json` that Python lets win over `tokenizer.json`: added tokens and their properties;
//! `BertTokenizer` rewrites the normaliser, `RobertaTokenizer` the prefix space and what offsets leave out,
//! `XLMRobertaTokenizer` and its like how words are found.
//! Only stated settings count; Python would also apply the class's defaults, which would lower-case
//! the texts of a cased tokenizer whose configuration is silent.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{AddedToken, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper};

use super::added_tokens::StatedTokens;
use super::class::Class;
use super::model::Inner;

/// Roles of special tokens, in the order in which Python adds them.
const ROLES: [&str; 7] = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// Applies the settings that are stated, and what the class decides, to the parts that have them.
pub fn apply(
    tokenizer: &mut Inner,
    settings: &Map<String, Value>,
    class: &Class,
    tokens: &StatedTokens,
) -> tokenizers::Result<()> {
    add_tokens(tokenizer, class, tokens)?;
    let stated = |key: &str| settings.get(key).and_then(Value::as_bool);
    if let Some(NormalizerWrapper::BertNormalizer(normalizer)) = tokenizer.get_normalizer() {
        let mut normalizer = *normalizer;
        normalizer.lowercase = stated("do_lower_case").unwrap_or(normalizer.lowercase);
        normalizer.strip_accents = stated("strip_accents").or(normalizer.strip_accents);
        normalizer.handle_chinese_chars = stated("tokenize_chinese_chars").unwrap_or(normalizer.handle_chinese_chars);
        tokenizer.with_normalizer(Some(normalizer))?;
    }
    if let (Some(add_prefix_space), Some(PreTokenizerWrapper::ByteLevel(byte_level))) =
        (stated("add_prefix_space"), tokenizer.get_pre_tokenizer())
    {
        let mut byte_level = *byte_level;
        byte_level.add_prefix_space = add_prefix_space;
        tokenizer.with_pre_tokenizer(Some(byte_level));
    }
    if class.ends_words_at_spaces() {
        end_words_at_spaces(tokenizer);
    }
    if let Some(PostProcessorWrapper::Roberta(processor)) = tokenizer.get_post_processor() {
        let mut processor = processor.clone();
        processor.add_prefix_space = stated("add_prefix_space").unwrap_or(processor.add_prefix_space);
        processor.trim_offsets = stated("trim_offsets").unwrap_or(processor.trim_offsets);
        tokenizer.with_post_processor(Some(processor));
    }
    Ok(())
}

/// Adds what the files list, those of a role and those without one. Properties that `tokenizer_config.json` lists win
/// over those of `tokenizer.json`; tokens of older files only count where they are new. A token that only the class
/// names is added if it is a piece: beyond the vocabulary no model has a row for it.
fn add_tokens(tokenizer: &mut Inner, class: &Class, tokens: &StatedTokens) -> tokenizers::Result<()> {
    let of_json = tokenizer.get_added_tokens_decoder();
    let mut known: BTreeSet<String> = of_json.values().map(|token| token.content.clone()).collect();
    let is_new = |id: &u32, token: &AddedToken| !of_json.contains_key(id) && !known.contains(&token.content);
    let listed = tokens.listed().iter().filter(|(id, token)| tokens.lists_by_id() || is_new(id, token));
    let mut added: Vec<AddedToken> = listed.map(|(_, token)| token.clone()).collect();
    known.extend(added.iter().map(|token| token.content.clone()));
    let role = |&role: &&str| {
        let of_class = class.token(role).filter(|token| tokenizer.token_to_id(token).is_some());
        let token = tokens.stated(role).or_else(|| Some(AddedToken::from(of_class?, true)));
        token.filter(|_| !tokens.is_null(role))
    };
    let special = ROLES.iter().filter_map(role).map(|token| AddedToken { special: true, ..token });
    let missing = special.chain(tokens.extra.iter().cloned()).filter(|token| known.insert(token.content.clone()));
    added.extend(missing);
    tokenizer.add_tokens(added)?;
    Ok(())
}

/// Takes spaces away before words are cut, as these classes do since version 5 of `transformers`.
fn end_words_at_spaces(tokenizer: &mut Inner) {
    let parts = match tokenizer.get_pre_tokenizer() {
        Some(PreTokenizerWrapper::Metaspace(metaspace)) => vec![metaspace.clone().into()],
        Some(PreTokenizerWrapper::Sequence(sequence)) => sequence.as_ref().to_vec(),
        _ => return,
    };
    if let [PreTokenizerWrapper::Metaspace(metaspace)] = parts.as_slice() {
        let words = vec![WhitespaceSplit.into(), metaspace.clone().into()];
        tokenizer.with_pre_tokenizer(Some(Sequence::new(words)));
    }
}
