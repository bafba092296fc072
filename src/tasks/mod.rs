//! What the pipelines of Python do with logits.

pub mod text_classification;
