//! Tensors that checkpoints carry and a load leaves aside without a warning.

use crate::weights::Ignorable;

/// Buffers that older versions of `transformers` saved, and the heads of the supported
/// architectures: a checkpoint may hold several.
pub const IGNORABLE: Ignorable = Ignorable {
    buffers: &["position_ids", "token_type_ids", "rotary_emb.inv_freq", "encoder.version", "decoder.version"],
    heads: &[
        "pooler.",
        "cls.",
        "lm_head.",
        "classifier.",
        "score.",
        "pre_classifier.",
        "qa_outputs.",
        // DistilBERT's masked language model.
        "vocab_transform.",
        "vocab_layer_norm.",
        "vocab_projector.",
        // ELECTRA.
        "discriminator_predictions.",
        "generator_predictions.",
        "generator_lm_head.",
        "sequence_summary.",
        // ALBERT.
        "predictions.",
        "sop_classifier.",
        // DeBERTa; positions are there even where they are not added.
        "lm_predictions.",
        "mask_predictions.",
        "embeddings.position_embeddings.",
        // ModernBERT: below these names its encoder has nothing.
        "head.",
        "decoder.weight",
        "decoder.bias",
        // BART; its word embeddings may stand there three times.
        "classification_head.",
        "final_logits_bias",
        "shared.",
        "encoder.embed_tokens.",
        "decoder.embed_tokens.",
    ],
};
