//! Settings of `tokenizer_config.json` that Python lets win over `tokenizer.json`:
//! `BertTokenizer` rewrites the normaliser, `RobertaTokenizer` the prefix space. Only stated
//! settings count; Python would also apply the class's defaults, which would lower-case the
//! texts of a cased tokenizer whose configuration is silent.

use serde_json::{Map, Value};
use tokenizers::{NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Tokenizer};

/// Applies the settings that are stated to the parts that have them.
pub fn apply(tokenizer: &mut Tokenizer, settings: &Map<String, Value>) -> tokenizers::Result<()> {
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
