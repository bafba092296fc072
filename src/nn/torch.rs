//! Activation functions by the paths of their classes in PyTorch, as `sentence-transformers` states them: those that a
//! class without arguments makes, and that are functions of one number. Formulas: `torch.nn.functional`.

use super::Activation;
use crate::kernels::{math, simd};
use crate::named;

/// What a class without arguments computes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TorchActivation {
    /// A function that encoders have, too.
    Kernel(Activation),
    /// `x`; in training some numbers become 0.
    Dropout,
    /// `max(x, 0) + min(eˣ − 1, 0)`.
    Elu,
    /// `x` beyond ±0.5, else 0.
    Hardshrink,
    /// `min(max(x / 6 + 1/2, 0), 1)`.
    Hardsigmoid,
    /// `min(max(x, −1), 1)`.
    Hardtanh,
    /// `ln(1 / (1 + e⁻ˣ))`.
    LogSigmoid,
    /// `max(x, 0) + slope · min(x, 0)`; the slope is trained, and begins with 0.25.
    Prelu,
    /// The same with the mean of the slopes that are drawn in training, 1/8 and 1/3.
    Rrelu,
    /// `1.0507 · (max(x, 0) + 1.67326 · min(eˣ − 1, 0))`.
    Selu,
    /// `ln(1 + eˣ)`.
    Softplus,
    /// `x`, nearer to 0 by 0.5 at most.
    Softshrink,
    /// `x / (1 + |x|)`.
    Softsign,
    /// `x − tanh x`.
    Tanhshrink,
}

/// Names of the classes.
const NAMES: &[(&str, TorchActivation)] = &[
    ("AlphaDropout", TorchActivation::Dropout),
    ("CELU", TorchActivation::Elu),
    ("Dropout", TorchActivation::Dropout),
    ("Dropout1d", TorchActivation::Dropout),
    ("Dropout2d", TorchActivation::Dropout),
    ("Dropout3d", TorchActivation::Dropout),
    ("ELU", TorchActivation::Elu),
    ("FeatureAlphaDropout", TorchActivation::Dropout),
    ("GELU", TorchActivation::Kernel(Activation::Gelu)),
    ("Hardshrink", TorchActivation::Hardshrink),
    ("Hardsigmoid", TorchActivation::Hardsigmoid),
    ("Hardswish", TorchActivation::Kernel(Activation::HardSwish)),
    ("Hardtanh", TorchActivation::Hardtanh),
    ("Identity", TorchActivation::IDENTITY),
    ("LeakyReLU", TorchActivation::Kernel(Activation::LeakyRelu)),
    ("LogSigmoid", TorchActivation::LogSigmoid),
    ("Mish", TorchActivation::Kernel(Activation::Mish)),
    ("PReLU", TorchActivation::Prelu),
    ("RReLU", TorchActivation::Rrelu),
    ("ReLU", TorchActivation::Kernel(Activation::Relu)),
    ("ReLU6", TorchActivation::Kernel(Activation::Relu6)),
    ("SELU", TorchActivation::Selu),
    ("SiLU", TorchActivation::Kernel(Activation::Silu)),
    ("Sigmoid", TorchActivation::SIGMOID),
    ("Softplus", TorchActivation::Softplus),
    ("Softshrink", TorchActivation::Softshrink),
    ("Softsign", TorchActivation::Softsign),
    ("Tanh", TorchActivation::TANH),
    ("Tanhshrink", TorchActivation::Tanhshrink),
];

impl TorchActivation {
    /// Numbers as they are.
    pub const IDENTITY: TorchActivation = TorchActivation::Kernel(Activation::Linear);
    /// `1 / (1 + e⁻ˣ)`.
    pub const SIGMOID: TorchActivation = TorchActivation::Kernel(Activation::Sigmoid);
    /// Hyperbolic tangent.
    pub const TANH: TorchActivation = TorchActivation::Kernel(Activation::Tanh);

    /// The function by the path of its class, such as `torch.nn.modules.activation.Tanh`. Packages export the classes of
    /// their modules, so the path may be shorter.
    pub fn of_class(path: &str) -> Option<Self> {
        let path = path.strip_prefix("torch.nn.")?;
        let path = path.strip_prefix("modules.").unwrap_or(path);
        let modules = ["activation.", "linear.", "dropout."];
        let class = modules.iter().find_map(|module| path.strip_prefix(module)).unwrap_or(path);
        named::find(NAMES, class)
    }

    /// Every class that [`TorchActivation::of_class`] knows.
    pub fn names() -> String {
        named::all(NAMES)
    }

    /// Whether it is another function in training, and one of chance.
    pub fn is_drawn(self) -> bool {
        matches!(self, TorchActivation::Dropout | TorchActivation::Rrelu)
    }

    /// Applies the function to every number.
    pub fn apply(self, numbers: &mut [f32]) {
        match self {
            TorchActivation::Kernel(activation) => math::activate::<simd::Best>(activation, numbers),
            other => numbers.iter_mut().for_each(|x| *x = other.of(*x)),
        }
    }

    /// Of one number. These are applied to a few numbers for each text, so they need not be fast.
    fn of(self, x: f32) -> f32 {
        /// Where PyTorch takes `softplus(x)` to be `x`.
        const STRAIGHT: f32 = 20.0;
        let leaky = |slope: f32| if x > 0.0 { x } else { slope * x };
        let elu = |scale: f32| if x > 0.0 { x } else { scale * x.exp_m1() };
        match self {
            TorchActivation::Kernel(_) | TorchActivation::Dropout => x,
            TorchActivation::Elu => elu(1.0),
            TorchActivation::Hardshrink if x.abs() <= 0.5 => 0.0,
            TorchActivation::Hardshrink => x,
            TorchActivation::Hardsigmoid => ((x + 3.0) / 6.0).clamp(0.0, 1.0),
            TorchActivation::Hardtanh => x.clamp(-1.0, 1.0),
            TorchActivation::LogSigmoid => x.min(0.0) - (-x.abs()).exp().ln_1p(),
            TorchActivation::Prelu => leaky(0.25),
            TorchActivation::Rrelu => leaky((1.0 / 8.0 + 1.0 / 3.0) / 2.0),
            TorchActivation::Selu => 1.050_701 * elu(1.673_263_2),
            TorchActivation::Softplus if x > STRAIGHT => x,
            TorchActivation::Softplus => x.exp().ln_1p(),
            TorchActivation::Softshrink => x - x.clamp(-0.5, 0.5),
            TorchActivation::Softsign => x / (1.0 + x.abs()),
            TorchActivation::Tanhshrink => x - x.tanh(),
        }
    }
}
