//! Tensors that checkpoints carry and a load leaves aside without a warning.

use crate::weights::Ignorable;

/// Buffers that older versions of `transformers` saved, and the heads of the supported
/// architectures: a checkpoint may hold several.
pub const IGNORABLE: Ignorable = Ignorable {
    buffers: &["position_ids", "token_type_ids", "rotary_emb.inv_freq"],
    heads: &[
        "pooler.",
        "cls.",
        "lm_head.",
        "classifier.",
        "pre_classifier.",
        "qa_outputs.",
        "vocab_transform.",
        "vocab_layer_norm.",
        "vocab_projector.",
    ],
};
