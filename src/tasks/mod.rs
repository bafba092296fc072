//! What Python's pipelines, and the library `sentence-transformers`, do with what a model computes.

pub mod dense;
pub mod pooling;
pub mod sentence_modules;
pub mod text_classification;
