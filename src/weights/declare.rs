//! What a model needs: names and shapes, declared while the model is built, before any
//! byte of a weight has arrived.

use std::sync::{Arc, OnceLock};

use crate::error::{Error, Result};
use crate::kernels::Matrix;

/// A weight of the model: empty when declared, filled once by the loader.
#[derive(Debug)]
pub struct Param<T>(Arc<OnceLock<T>>);

impl<T> Param<T> {
    fn empty() -> Self {
        Param(Arc::default())
    }

    fn twin(&self) -> Self {
        Param(self.0.clone())
    }

    /// The weight.
    ///
    /// # Errors
    /// [`Error::Internal`] when the load has not finished.
    pub fn get(&self) -> Result<&T> {
        self.0.get().ok_or_else(|| Error::Internal { reason: "a weight is used before it was loaded".into() })
    }

    pub(super) fn set(&self, weight: T) {
        self.0.get_or_init(|| weight);
    }
}

/// One tensor of the file that the model needs.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// Index of the parameter it fills, wholly or in part.
    pub(super) target: usize,
    /// First row within that parameter.
    pub(super) row: usize,
}

/// One parameter of the model, and how it will be kept.
#[derive(Debug)]
pub(super) enum Target {
    /// To be multiplied with: packed.
    Matrix { parts: usize, outputs: usize, inputs: usize, param: Param<Matrix> },
    /// To be read as it is, row by row.
    Dense { rows: usize, columns: usize, param: Param<Vec<f32>> },
}

/// The tensors that a part of the model needs, in the order in which it was built.
#[derive(Debug, Default)]
pub struct Declarations {
    pub(super) tensors: Vec<Declared>,
    pub(super) targets: Vec<Target>,
}

impl Declarations {
    /// Weights `[outputs, inputs]` of one or several layers that read the same rows, packed
    /// as one: the query, key and value projections become a single product.
    pub fn matrix(&mut self, names: &[String], outputs: usize, inputs: usize) -> Param<Matrix> {
        self.tensors(names, &[outputs, inputs]);
        let param = Param::empty();
        self.targets.push(Target::Matrix { parts: names.len(), outputs, inputs, param: param.twin() });
        param
    }

    /// Vectors of `length` numbers, one after the other.
    pub fn vector(&mut self, names: &[String], length: usize) -> Param<Vec<f32>> {
        self.tensors(names, &[length]);
        self.dense(names.len(), length)
    }

    /// A table `[rows, columns]` to look rows up in.
    pub fn table(&mut self, name: String, rows: usize, columns: usize) -> Param<Vec<f32>> {
        self.tensors(&[name], &[rows, columns]);
        self.dense(rows, columns)
    }

    fn dense(&mut self, rows: usize, columns: usize) -> Param<Vec<f32>> {
        let param = Param::empty();
        self.targets.push(Target::Dense { rows, columns, param: param.twin() });
        param
    }

    /// Tensors of equal shape that fill the next parameter.
    fn tensors(&mut self, names: &[String], shape: &[usize]) {
        let rows = if shape.len() == 1 { 1 } else { shape[0] };
        let tensor = |(index, name): (usize, &String)| Declared {
            name: name.clone(),
            shape: shape.to_vec(),
            target: self.targets.len(),
            row: index * rows,
        };
        self.tensors.extend(names.iter().enumerate().map(tensor));
    }
}
