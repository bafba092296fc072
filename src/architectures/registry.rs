//! Which architectures there are, by `model_type`.

use super::albert::ALBERT;
use super::bart::BART;
use super::bert::BERT;
use super::deberta_v2::DEBERTA_V2;
use super::distilbert::DISTILBERT;
use super::electra::ELECTRA;
use super::modernbert::MODERNBERT;
use super::mpnet::MPNET;
use super::roberta::{DATA2VEC_TEXT, ROBERTA, XLM_ROBERTA};
use super::words::{Architecture, ModelType};

/// Every architecture that can be loaded.
pub const ARCHITECTURES: &[&Architecture] = &[
    &BERT,
    &ROBERTA,
    &XLM_ROBERTA,
    &DATA2VEC_TEXT,
    &DISTILBERT,
    &ELECTRA,
    &ALBERT,
    &MPNET,
    &DEBERTA_V2,
    &MODERNBERT,
    &BART,
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
