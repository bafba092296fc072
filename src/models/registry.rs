//! Which architectures there are, by `model_type`.

use super::architecture::Architecture;
use super::bert::BERT;
use super::distilbert::DISTILBERT;
use super::roberta::ROBERTA;

/// Every architecture that can be loaded.
const REGISTRY: &[&Architecture] = &[&BERT, &ROBERTA, &DISTILBERT];

/// The architecture of a `model_type`.
pub fn find(model_type: &str) -> Option<&'static Architecture> {
    REGISTRY.iter().copied().find(|architecture| architecture.model_types.contains(&model_type))
}

/// Every `model_type` that can be loaded.
pub fn supported_model_types() -> Vec<String> {
    let names = REGISTRY.iter().flat_map(|architecture| architecture.model_types);
    names.map(|&name| name.to_owned()).collect()
}
