//! Which architectures there are, by `model_type`.

use super::words::{Architecture, ModelType};

/// Every architecture that can be loaded.
pub const ARCHITECTURES: &[&Architecture] = &[
    &super::bert::BERT,
    &super::roberta::ROBERTA,
    &super::roberta::XLM_ROBERTA,
    &super::roberta::DATA2VEC_TEXT,
    &super::distilbert::DISTILBERT,
    &super::electra::ELECTRA,
    &super::albert::ALBERT,
    &super::mpnet::MPNET,
    &super::deberta_v2::DEBERTA_V2,
    &super::modernbert::MODERNBERT,
    &super::nomic_bert::NOMIC_BERT,
    &super::gte::GTE,
    &super::qwen3::QWEN3,
    &super::bart::BART,
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
