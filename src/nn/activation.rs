//! Activation functions by the names `config.json` uses.

use super::Activation;

/// Names of `transformers` `activations.py`.
const NAMES: &[(&str, Activation)] = &[
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("tanh", Activation::Tanh),
];

/// The function that `transformers` calls `name`.
pub fn activation_named(name: &str) -> Option<Activation> {
    NAMES.iter().find(|(known, _)| *known == name).map(|&(_, activation)| activation)
}

/// Every name that [`activation_named`] knows.
pub fn activation_names() -> String {
    let names: Vec<&str> = NAMES.iter().map(|&(name, _)| name).collect();
    names.join(", ")
}
