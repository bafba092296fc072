//! Settings of `tokenizer_config.json` that Python lets win over `tokenizer.json`: the properties
//! of added tokens; `BertTokenizer` rewrites the normaliser, `RobertaTokenizer` the prefix space.
//! Only stated settings count; Python would also apply the class's defaults, which would lower-case
//! the texts of a cased tokenizer whose configuration is silent.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tokenizers::{AddedToken, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper};

use super::tokenizer::Inner;

/// Applies the settings that are stated to the parts that have them.
pub fn apply(tokenizer: &mut Inner, settings: &Map<String, Value>) -> tokenizers::Result<()> {
    tokenizer.add_tokens(added_tokens(settings))?;
    let stated = |key: &str| settings.get(key).and_then(Value::as_bool);
    if let Some(NormalizerWrapper::BertNormalizer(normalizer)) = tokenizer.get_normalizer() {
        let mut normalizer = *normalizer;
        normalizer.lowercase = stated("do_lower_case").unwrap_or(normalizer.lowercase);
        normalizer.strip_accents = stated("strip_accents").or(normalizer.strip_accents);
        normalizer.handle_chinese_chars = stated("tokenize_chinese_chars").unwrap_or(normalizer.handle_chinese_chars);
        tokenizer.with_normalizer(Some(normalizer))?;
    }
    let Some(add_prefix_space) = stated("add_prefix_space") else {
        return Ok(());
    };
    if let Some(PreTokenizerWrapper::ByteLevel(byte_level)) = tokenizer.get_pre_tokenizer() {
        let mut byte_level = *byte_level;
        byte_level.add_prefix_space = add_prefix_space;
        tokenizer.with_pre_tokenizer(Some(byte_level));
    }
    if let Some(PostProcessorWrapper::Roberta(processor)) = tokenizer.get_post_processor() {
        let mut processor = processor.clone();
        processor.add_prefix_space = add_prefix_space;
        tokenizer.with_post_processor(Some(processor));
    }
    Ok(())
}

/// The tokens of `added_tokens_decoder`, by ascending id.
fn added_tokens(settings: &Map<String, Value>) -> impl Iterator<Item = AddedToken> {
    let listed = settings.get("added_tokens_decoder").and_then(Value::as_object).into_iter().flatten();
    let by_id: BTreeMap<u32, &Value> = listed.filter_map(|(id, token)| Some((id.parse().ok()?, token))).collect();
    by_id.into_values().filter_map(|token| {
        let flag = |key: &str| token.get(key).and_then(Value::as_bool);
        let special = flag("special").unwrap_or(false);
        let plain = AddedToken::from(token.get("content")?.as_str()?, special);
        let plain = plain.normalized(flag("normalized").unwrap_or(!special));
        let plain = plain.single_word(flag("single_word").unwrap_or(false));
        Some(plain.lstrip(flag("lstrip").unwrap_or(false)).rstrip(flag("rstrip").unwrap_or(false)))
    })
}
