//! What `sentence-transformers` uses a model for: embeddings of texts, or a comparison of two.

use serde_json::json;

use super::settings::{Settings, TOKEN_EMBEDDINGS};
use crate::error::Result;

/// Settings of the encoder. Those that are about training, speed, or the queries of other kinds of models, change nothing
/// here: `unpad_inputs`, `backend`, and the three about queries and documents.
const ENCODER_KEYS: [&str; 18] = [
    "max_seq_length",
    "do_lower_case",
    "transformer_task",
    "modality_config",
    "module_output_name",
    "processing_kwargs",
    "tokenizer_name_or_path",
    "model_args",
    "model_kwargs",
    "tokenizer_args",
    "processor_kwargs",
    "config_args",
    "config_kwargs",
    "backend",
    "unpad_inputs",
    "query_length",
    "document_length",
    "query_expansion",
];

/// What a model is for, and what the settings of its encoder then say.
#[derive(Debug)]
pub struct Role {
    /// Its name in `config_sentence_transformers.json`.
    pub model_type: &'static str,
    /// Names of prompts that are there, empty, if the files do not state them.
    pub prompts: &'static [&'static str],
    task: &'static str,
    /// What is read of the encoder, and what it is called.
    output: (&'static str, &'static str),
}

/// A model of embeddings.
pub const EMBEDDER: Role = Role {
    model_type: "SentenceTransformer",
    prompts: &["query", "document"],
    task: "feature-extraction",
    output: ("last_hidden_state", TOKEN_EMBEDDINGS),
};

/// A model that compares two texts.
pub const CROSS_ENCODER: Role =
    Role { model_type: "CrossEncoder", prompts: &[], task: "sequence-classification", output: ("logits", "scores") };

impl Role {
    /// Refuses settings of an encoder that is to be used otherwise, and those that `sentence-transformers` does not know.
    pub(super) fn check_encoder(&self, encoder: &Settings) -> Result<()> {
        encoder.refuse_unknown(&ENCODER_KEYS)?;
        let (read, output) = self.output;
        encoder.refuse_unless("transformer_task", &json!(self.task))?;
        encoder
            .refuse_unless("modality_config", &json!({"text": {"method": "forward", "method_output_name": read}}))?;
        encoder.refuse_unless("module_output_name", &json!(output))
    }
}
