//! What a model needs: names and shapes, declared while the model is built, before any
//! byte of a weight has arrived.

use std::sync::{Arc, OnceLock};

use candle_core::Tensor;

use crate::error::{Error, Result};

/// A weight of the model: empty when declared, filled once by the loader.
#[derive(Debug, Clone, Default)]
pub struct Param(Arc<OnceLock<Tensor>>);

impl Param {
    /// The tensor, in f32.
    ///
    /// # Errors
    /// [`Error::Internal`] when the load has not finished.
    pub fn get(&self) -> Result<&Tensor> {
        self.0.get().ok_or_else(|| Error::Internal { reason: "a weight is used before it was loaded".into() })
    }

    pub(super) fn set(&self, tensor: Tensor) {
        self.0.get_or_init(|| tensor);
    }
}

/// One tensor of the file that the model needs.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// Index of the parameter it fills, wholly or in part.
    pub(super) target: usize,
    /// First element within that parameter.
    pub(super) offset: usize,
}

/// One parameter of the model.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) shape: Vec<usize>,
    pub(super) param: Param,
}

/// The tensors that a part of the model needs, in the order in which it was built.
#[derive(Debug, Default)]
pub struct Declarations {
    pub(super) tensors: Vec<Declared>,
    pub(super) targets: Vec<Target>,
}

impl Declarations {
    /// A parameter that is the tensor `name` of the file, of the given shape.
    pub fn tensor(&mut self, name: String, shape: &[usize]) -> Param {
        self.stacked(&[name], shape)
    }

    /// One parameter from several tensors of equal shape, stacked along the first axis: the
    /// query, key and value projections become one matrix and so one product.
    pub fn stacked(&mut self, names: &[String], shape: &[usize]) -> Param {
        let elements: usize = shape.iter().product();
        let target = self.targets.len();
        for (index, name) in names.iter().enumerate() {
            self.tensors.push(Declared { name: name.clone(), shape: shape.to_vec(), target, offset: index * elements });
        }
        let mut stacked_shape = shape.to_vec();
        stacked_shape[0] *= names.len();
        let param = Param::default();
        self.targets.push(Target { shape: stacked_shape, param: param.clone() });
        param
    }
}
