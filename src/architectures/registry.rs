//! Which architectures there are, by `model_type`.

use super::words::{Architecture, ModelType};
use super::{albert, bart, bert, deberta_v2, distilbert, electra, gte, modernbert, mpnet, nomic_bert, qwen3, roberta};

/// Every architecture that can be loaded.
pub const ARCHITECTURES: &[&Architecture] = &[
    &bert::BERT,
    &roberta::ROBERTA,
    &roberta::XLM_ROBERTA,
    &roberta::DATA2VEC_TEXT,
    &distilbert::DISTILBERT,
    &electra::ELECTRA,
    &albert::ALBERT,
    &mpnet::MPNET,
    &deberta_v2::DEBERTA_V2,
    &modernbert::MODERNBERT,
    &nomic_bert::NOMIC_BERT,
    &gte::GTE,
    &qwen3::QWEN3,
    &bart::BART,
];

/// The architecture of a `model_type`.
pub fn find(name: &str) -> Option<(&'static Architecture, &'static ModelType)> {
    let types = ARCHITECTURES
        .iter()
        .flat_map(|&architecture| architecture.model_types.iter().map(move |model_type| (architecture, model_type)));
    types.into_iter().find(|(_, model_type)| model_type.name == name)
}

/// Every `model_type` that can be loaded.
pub fn supported_model_types() -> Vec<String> {
    let names = ARCHITECTURES.iter().flat_map(|architecture| architecture.model_types);
    names.map(|model_type| model_type.name.to_owned()).collect()
}
