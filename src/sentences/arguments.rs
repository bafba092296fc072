//! Arguments that the settings of an encoder hand on when `sentence-transformers` loads its model, tokenizer and
//! configuration. Those of the tokenizer and of the configuration do what the same keys do in the files, so they are
//! put there. What changes nothing here is left aside, and what is not known is refused.

use serde_json::{Map, Value};

use super::settings::{CONFIG, Settings};
use crate::error::Result;
use crate::text::SmallFiles;

const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// Where files come from: `sentence-transformers` fills them in itself.
const SOURCES: [&str; 12] = [
    "cache_dir",
    "code_revision",
    "force_download",
    "local_files_only",
    "name_or_path",
    "proxies",
    "resume_download",
    "revision",
    "subfolder",
    "token",
    "trust_remote_code",
    "use_auth_token",
];

/// How a model is computed, not what: numbers are in f32 here, or in what the load asks for.
const OF_MODELS: [&str; 9] = [
    "add_pooling_layer",
    "attn_implementation",
    "device_map",
    "dtype",
    "ignore_mismatched_sizes",
    "low_cpu_mem_usage",
    "reference_compile",
    "torch_dtype",
    "use_safetensors",
];

/// What a fast tokenizer does not read, and what matters for padding, decoding or chats alone.
const OF_TOKENIZERS: [&str; 14] = [
    "chat_template",
    "clean_up_tokenization_spaces",
    "do_basic_tokenize",
    "fix_mistral_regex",
    "from_slow",
    "legacy",
    "max_len",
    "max_length",
    "never_split",
    "padding_side",
    "tokenizer_class",
    "tokenizer_type",
    "use_fast",
    "vocab_file",
];

/// What `tokenizer_config.json` states, too.
const SETTINGS: [&str; 18] = [
    "add_prefix_space",
    "additional_special_tokens",
    "bos_token",
    "cls_token",
    "do_lower_case",
    "eos_token",
    "extra_special_tokens",
    "keep_accents",
    "mask_token",
    "model_input_names",
    "model_max_length",
    "pad_token",
    "sep_token",
    "strip_accents",
    "tokenize_chinese_chars",
    "trim_offsets",
    "truncation_side",
    "unk_token",
];

/// Puts what counts of the arguments into the files of the encoder. Returns the longest sequence that they state for the
/// tokenizer, which wins over `max_seq_length`.
///
/// # Errors
/// [`crate::Error::Config`] for an argument that is not known.
pub fn apply(encoder: &Settings, files: &mut SmallFiles) -> Result<Option<usize>> {
    read(encoder, ["model_args", "model_kwargs"], &[&SOURCES, &OF_MODELS], Some(&[]))?;
    let configuration = read(encoder, ["config_args", "config_kwargs"], &[&SOURCES, &OF_MODELS], None)?;
    let tokenizer =
        read(encoder, ["tokenizer_args", "processor_kwargs"], &[&SOURCES, &OF_TOKENIZERS], Some(&SETTINGS))?;
    let length = tokenizer.get("model_max_length").and_then(Value::as_u64);
    merge(files, CONFIG, configuration);
    merge(files, TOKENIZER_CONFIG, tokenizer);
    Ok(length.and_then(|length| usize::try_from(length).ok()))
}

/// The arguments under the first of two keys that is stated, without those that change nothing; others than `known` are
/// refused, if that is a list.
fn read(encoder: &Settings, keys: [&str; 2], idle: &[&[&str]], known: Option<&[&str]>) -> Result<Map<String, Value>> {
    let key = keys.into_iter().find(|key| encoder.get(key).is_some()).unwrap_or(keys[0]);
    let mut arguments = encoder.object(key)?;
    arguments.retain(|name, _| !idle.iter().any(|list| list.contains(&name.as_str())));
    let unknown = arguments.iter().find(|(name, _)| known.is_some_and(|known| !known.contains(&name.as_str())));
    match unknown {
        None => Ok(arguments),
        Some((name, value)) => {
            let names: Vec<&str> = known.into_iter().chain(idle.iter().copied()).flatten().copied().collect();
            Err(encoder.invalid_part(&format!("{key}.{name}"), value, &format!("only {}", names.join(", "))))
        }
    }
}

/// Lets keys win over those of a file. A file that is no object is left to whoever reads it.
fn merge(files: &mut SmallFiles, name: &str, keys: Map<String, Value>) {
    if keys.is_empty() {
        return;
    }
    let contents = files.get(name).unwrap_or(b"{}");
    if let Ok(mut stated) = serde_json::from_slice::<Map<String, Value>>(contents) {
        stated.extend(keys);
        files.insert(name.to_owned(), Value::from(stated).to_string().into_bytes());
    }
}
