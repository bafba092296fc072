//! What is to be done about files that make no tokenizer. Each advice was tried with Python: `save_pretrained` writes a
//! `tokenizer.json` only where the class has a fast form; and of a folder without a vocabulary, Python 5 makes a
//! tokenizer of five tokens without a word.

use super::class::{Form, Found};
use super::files::SmallFiles;

/// Why these files make no tokenizer of this class, and what helps.
pub fn advice(found: &Found, files: &SmallFiles) -> String {
    let of_class = found.name.as_ref().map_or(String::new(), |class| format!(" of {class}"));
    let helps = if found.class().form == Form::Marked {
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

/// Why a class that Python has in slow form only is refused, whatever files there are.
pub fn refusal(found: &Found) -> String {
    let class = found.name.as_deref().unwrap_or_default();
    format!(
        "{} states the class {class}, which Python has in slow form only and cannot save as a tokenizer.json either, and \
         which is not built here; supported: models whose tokenizer.is_fast is true in Python, PhoBERT and BERTweet",
        found.stated_by
    )
}
