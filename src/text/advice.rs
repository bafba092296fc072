//! What is to be done about files that make no tokenizer. Each advice was tried with Python: `save_pretrained` writes a
//! `tokenizer.json` only where the class has a fast form; and of a folder without a vocabulary, Python 5 makes a
//! tokenizer of five tokens without a word.

use super::files::SmallFiles;
use super::slow_marked::is_marked;

/// Classes that `transformers` has in slow form only, without `Tokenizer` behind the name.
const SLOW_ONLY: &[&str] = &[
    "Bartpho",
    "BertGeneration",
    "BertJapanese",
    "BioGpt",
    "BlenderbotSmall",
    "ByT5",
    "CTRL",
    "Canine",
    "Cpm",
    "CpmAnt",
    "Esm",
    "FSMT",
    "Flaubert",
    "GPTNeoXJapanese",
    "GPTSw3",
    "M2M100",
    "Marian",
    "MyT5",
    "PLBart",
    "Perceiver",
    "ProphetNet",
    "RoCBert",
    "Siglip",
    "SpeechT5",
    "Tapas",
    "XLM",
];

/// Why these files make no tokenizer of this class, and what helps.
pub fn advice(class: Option<&str>, files: &SmallFiles) -> String {
    let of_class = class.map_or(String::new(), |class| format!(" of {class}"));
    let stem = class.unwrap_or_default().trim_end_matches("Fast").trim_end_matches("Tokenizer");
    let helps = if SLOW_ONLY.contains(&stem) {
        "Python has it in slow form only, and cannot save it as a tokenizer.json either"
    } else if class.is_some_and(is_marked) {
        "put vocab.txt and bpe.codes beside it, as they are in the model that it was trained from"
    } else if files.get("bpe.codes").is_some() {
        "vocab.txt and bpe.codes are read where tokenizer_config.json says \"tokenizer_class\": \"PhobertTokenizer\" or \
         \"BertweetTokenizer\""
    } else {
        "put the tokenizer.json of the model that it was trained from beside it; Python writes it if tokenizer.is_fast: \
         tokenizer = transformers.AutoTokenizer.from_pretrained(BASE_ID); tokenizer.save_pretrained(FOLDER)"
    };
    format!("a tokenizer{of_class} cannot be built from these files; {helps}")
}
