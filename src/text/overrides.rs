//! Settings of `tokenizer_config.json` that Python lets win over `tokenizer.json`: added tokens and their properties;
//! `BertTokenizer` rewrites the normaliser, `RobertaTokenizer` the prefix space and what offsets leave out,
//! `XLMRobertaTokenizer` how words are found.
//! Only stated settings count; Python would also apply the class's defaults, which would lower-case
//! the texts of a cased tokenizer whose configuration is silent.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper};

use super::added_tokens::{added_tokens, extra_tokens};
use super::model::Inner;

/// Applies the settings that are stated to the parts that have them.
pub fn apply(tokenizer: &mut Inner, settings: &Map<String, Value>) -> tokenizers::Result<()> {
    tokenizer.add_tokens(added_tokens(settings).into_values())?;
    let known: BTreeSet<String> =
        tokenizer.get_added_tokens_decoder().into_values().map(|token| token.content).collect();
    tokenizer.add_tokens(extra_tokens(settings).into_iter().filter(|token| !known.contains(&token.content)))?;
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
    if ends_words_at_spaces(settings)
        && let Some(PreTokenizerWrapper::Metaspace(metaspace)) = tokenizer.get_pre_tokenizer()
    {
        let words = vec![WhitespaceSplit.into(), metaspace.clone().into()];
        tokenizer.with_pre_tokenizer(Some(Sequence::new(words)));
    }
    if let Some(PostProcessorWrapper::Roberta(processor)) = tokenizer.get_post_processor() {
        let mut processor = processor.clone();
        processor.add_prefix_space = stated("add_prefix_space").unwrap_or(processor.add_prefix_space);
        processor.trim_offsets = stated("trim_offsets").unwrap_or(processor.trim_offsets);
        tokenizer.with_post_processor(Some(processor));
    }
    Ok(())
}

/// Whether the stated class is one that takes spaces away before it cuts words, since version 5 of `transformers`: a text
/// then has no token for a space at its end, and offsets begin at the word.
fn ends_words_at_spaces(settings: &Map<String, Value>) -> bool {
    let class = settings.get("tokenizer_class").and_then(Value::as_str).unwrap_or_default();
    matches!(class.trim_end_matches("Fast"), "XLMRobertaTokenizer" | "CamembertTokenizer")
}
