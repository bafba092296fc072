//! Activation functions by the names `config.json` uses.

use super::Activation;
use crate::named;

/// Names of `transformers` `activations.py`; not those with trained parameters. The forms of
/// GELU with `tanh` differ by rounding only.
const NAMES: &[(&str, Activation)] = &[
    ("gelu", Activation::Gelu),
    ("gelu_10", Activation::GeluClipped),
    ("gelu_accurate", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_python", Activation::Gelu),
    ("gelu_python_tanh", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("hardswish", Activation::HardSwish),
    ("laplace", Activation::Laplace),
    ("leaky_relu", Activation::LeakyRelu),
    ("linear", Activation::Linear),
    ("mish", Activation::Mish),
    ("quick_gelu", Activation::GeluSigmoid),
    ("relu", Activation::Relu),
    ("relu2", Activation::ReluSquared),
    ("relu6", Activation::Relu6),
    ("sigmoid", Activation::Sigmoid),
    ("silu", Activation::Silu),
    ("sqrtsoftplus", Activation::SqrtSoftplus),
    ("swish", Activation::Silu),
    ("tanh", Activation::Tanh),
];

/// The function that `transformers` calls `name`.
pub fn activation_named(name: &str) -> Option<Activation> {
    named::find(NAMES, name)
}

/// Every name that [`activation_named`] knows.
pub fn activation_names() -> String {
    named::all(NAMES)
}
