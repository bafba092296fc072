//! A linear layer with an activation: the module `Dense` of `sentence-transformers` (`base/modules/dense.py`).

use candle_core::Tensor;
use serde_json::Value;

use super::module_weights;
use super::settings::Settings;
use crate::error::{Result, listed};
use crate::limits;
use crate::nn::{Linear, TorchActivation, add, unary};
use crate::weights::{Choice, Declarations, Initial, Load, Param};

const KEYS: [&str; 7] = [
    "in_features",
    "out_features",
    "bias",
    "activation_function",
    "module_input_name",
    "module_output_name",
    "use_residual",
];

/// `activation(x·Wᵀ + b)`, and perhaps `x`, or a projection of it, added to that.
#[derive(Debug)]
pub struct Dense {
    linear: Linear,
    outputs: usize,
    activation: TorchActivation,
    /// The trained slope of [`TorchActivation::Prelu`].
    slope: Option<Param<Vec<f32>>>,
    residual: Residual,
}

#[derive(Debug)]
enum Residual {
    None,
    /// The vector itself.
    Same,
    /// To as many numbers as come out.
    Projected(Linear),
}

/// A layer still without weights, what will load them, and what is to be said of its settings.
#[derive(Debug)]
pub struct Declared {
    /// The layer.
    pub dense: Dense,
    /// Length of its vectors.
    pub outputs: usize,
    /// What fills it.
    pub weights: Load<()>,
    /// What is left aside of its settings.
    pub warnings: Vec<String>,
}

impl Dense {
    /// Builds the layer that the `settings` of the module in `folder` describe. It takes vectors of `inputs` numbers, whose name is
    /// `vectors`.
    ///
    /// # Errors
    /// [`crate::Error::Config`] for what would be computed wrongly.
    pub fn declare(
        settings: &Settings,
        folder: &str,
        vectors: &str,
        inputs: usize,
        precision: Choice,
    ) -> Result<Declared> {
        settings.refuse_other_vectors(vectors)?;
        if settings.number("in_features", usize::MAX)? != Some(inputs) {
            return Err(settings.invalid("in_features", &format!("{inputs}, the length of the vectors before it")));
        }
        let outputs = settings.number("out_features", limits::INTERMEDIATE_SIZE)?;
        let outputs = outputs.ok_or_else(|| settings.invalid("out_features", "a number"))?;
        let mut needs = Declarations::default();
        let name = "linear".to_owned();
        let mut linear = Linear::declare(&mut needs, &name, inputs, outputs);
        if settings.flag_or("bias", true)? {
            linear = linear.with_biases(&mut needs, &[name], outputs);
        }
        let (activation, foreign) = activation(settings)?;
        let unknown = settings.unknown(&KEYS);
        let unknown = (!unknown.is_empty()).then(|| settings.warning(&format!("{} is not known", listed(&unknown))));
        let slope = (activation == TorchActivation::Prelu)
            .then(|| needs.vector(&["activation_function.weight".to_owned()], 1, Initial::Ones));
        let residual = match (settings.flag("use_residual")?, inputs == outputs) {
            (false, _) => Residual::None,
            (true, true) => Residual::Same,
            (true, false) => Residual::Projected(Linear::declare(&mut needs, "residual", inputs, outputs)),
        };
        let dense = Dense { linear, outputs, activation, slope, residual };
        let weights = module_weights::load("dense", folder, needs, precision);
        Ok(Declared { dense, outputs, weights, warnings: foreign.into_iter().chain(unknown).collect() })
    }

    /// `[rows, inputs]` → `[rows, outputs]`.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let slope = self.slope.as_ref().map(Param::get).transpose()?;
        let activated = unary("torch-activation", &self.linear.forward(x)?, self.outputs, |x| {
            let mut numbers = x.to_vec();
            match slope {
                Some(slope) => numbers.iter_mut().filter(|x| **x < 0.0).for_each(|x| *x *= slope[0]),
                None => self.activation.apply(&mut numbers),
            }
            numbers
        })?;
        match &self.residual {
            Residual::None => Ok(activated),
            Residual::Same => add(&activated, x),
            Residual::Projected(linear) => add(&activated, &linear.forward(x)?),
        }
    }
}

/// The activation by the path of its class; the hyperbolic tangent where none is stated, and where the class is code
/// that Python does not run unasked.
fn activation(settings: &Settings) -> Result<(TorchActivation, Option<String>)> {
    let key = "activation_function";
    let refused = || settings.invalid(key, &format!("of torch.nn: {}", TorchActivation::names()));
    let Some(path) = settings.text(key)? else {
        return if settings.states(key, &Value::Null) { Err(refused()) } else { Ok((TorchActivation::TANH, None)) };
    };
    if !path.starts_with("torch.") {
        let warning =
            settings.warning(&format!("activation_function {path} is no class of PyTorch; Tanh takes its place"));
        return Ok((TorchActivation::TANH, Some(warning)));
    }
    Ok((TorchActivation::of_class(path).ok_or_else(refused)?, None))
}
