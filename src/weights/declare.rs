//! What a model needs: names and shapes, declared while the model is built, before any
//! byte of a weight has arrived.

use std::sync::{Arc, OnceLock};

use super::new_head::{Initial, Initializer};
use crate::error::{Error, Result};
use crate::kernels::{Matrix, Precision, Table};

/// A weight of the model: empty when declared, filled once by the loader. Clones are the same
/// weight: a tied decoder reads the table of the embedding. So may others turn out to be.
#[derive(Debug)]
pub struct Param<T>(Arc<OnceLock<Arc<T>>>);

impl<T> Clone for Param<T> {
    fn clone(&self) -> Self {
        Param(self.0.clone())
    }
}

impl<T> Param<T> {
    fn empty() -> Self {
        Param(Arc::default())
    }

    /// The weight.
    ///
    /// # Errors
    /// [`Error::Internal`] when the load has not finished.
    pub fn get(&self) -> Result<&T> {
        self.0
            .get()
            .map(Arc::as_ref)
            .ok_or_else(|| Error::Internal { reason: "a weight is used before it was loaded".into() })
    }

    pub(super) fn set(&self, weight: Arc<T>) {
        self.0.get_or_init(|| weight);
    }

    /// Whether both are the same weight.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Which row of a parameter a row of its tensors becomes, which are counted through all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowOrder {
    /// The same.
    #[default]
    Same,
    /// The one that is this many rows away: both halves change places.
    Swapped(usize),
    /// Tensors hold groups of `group` queries, a key and a value, of `size` rows each; parameters all queries, all keys
    /// and all values of `groups` groups.
    Grouped {
        /// Rows of a vector.
        size: usize,
        /// Queries of a group.
        group: usize,
        /// How many groups there are.
        groups: usize,
    },
}

impl RowOrder {
    /// The row of the parameter.
    pub(super) fn row(self, row: usize) -> usize {
        match self {
            RowOrder::Same => row,
            RowOrder::Swapped(half) => (row + half) % (2 * half),
            RowOrder::Grouped { size, group, groups } => {
                let (vector, within) = (row / size, row % size);
                let (at, place) = (vector / (group + 2), vector % (group + 2));
                let vector = match place.checked_sub(group) {
                    None => at * group + place,
                    Some(kind) => (group + kind) * groups + at,
                };
                vector * size + within
            }
        }
    }
}

/// One tensor of the checkpoint that the model needs.
#[derive(Debug)]
pub(super) struct Declared {
    /// Full name: see [`super::Names`].
    pub(super) name: String,
    /// The full name under which it is looked for: that of another tensor which holds the same numbers, say.
    pub(super) at: String,
    /// Shape in the file. Its numbers are read as rows of the parameter.
    pub(super) shape: Vec<usize>,
    /// Index of the parameter it fills, wholly or in part.
    pub(super) target: usize,
    /// First row within that parameter, before they are ordered.
    pub(super) row: usize,
    /// Which row of the parameter each is.
    pub(super) order: RowOrder,
    /// 0, or which of its copies it fills.
    pub(super) side: usize,
    /// What it begins with where it is new.
    pub(super) initial: Initial,
}

/// One parameter of the model, and how it will be kept.
#[derive(Debug)]
pub(super) enum Target {
    /// To be multiplied with: packed.
    Matrix { parts: usize, outputs: usize, inputs: usize, param: Param<Matrix> },
    /// To be looked up row by row; in the precision of the matrices if it is `compact`, else in f32.
    Table { rows: usize, columns: usize, compact: bool, param: Param<Table> },
    /// To be read as it is.
    Vectors { rows: usize, columns: usize, param: Param<Vec<f32>> },
    /// A table like another one, in which it is kept unless a number differs.
    Copy { rows: usize, columns: usize, of: Param<Table>, param: Param<Table> },
}

impl Target {
    /// Numbers of a row.
    pub(super) fn columns(&self) -> usize {
        match *self {
            Target::Matrix { inputs: columns, .. }
            | Target::Table { columns, .. }
            | Target::Copy { columns, .. }
            | Target::Vectors { columns, .. } => columns,
        }
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        match *self {
            Target::Matrix { parts, outputs, .. } => parts * outputs,
            Target::Table { rows, .. } | Target::Copy { rows, .. } | Target::Vectors { rows, .. } => rows,
        }
    }

    /// Bytes that it takes where matrices are kept in `precision`.
    pub(super) fn bytes(&self, precision: Precision) -> u64 {
        let form = self.form(precision);
        match *self {
            Target::Matrix { parts, outputs, inputs, .. } => Matrix::bytes_of(form.kernel(), parts, outputs, inputs),
            Target::Table { rows, columns, .. } => Table::bytes_of(form, rows, columns),
            Target::Vectors { rows, columns, .. } => (rows * columns * size_of::<f32>()) as u64,
            Target::Copy { .. } => 0,
        }
    }

    /// How its rows are kept where matrices are kept in `precision`.
    pub(super) fn form(&self, precision: Precision) -> Precision {
        match self {
            Target::Matrix { .. } | Target::Table { compact: true, .. } | Target::Copy { .. } => precision,
            Target::Table { .. } | Target::Vectors { .. } => Precision::Fp32,
        }
    }
}

/// The tensors that a part of the model needs, in the order in which it was built.
#[derive(Debug, Default)]
pub struct Declarations {
    /// How the matrices and tables that are declared next begin where they are new.
    pub initializer: Initializer,
    /// Bytes of what will be computed from the weights and kept beside them.
    pub prepared_bytes: u64,
    /// Whether matrices of whole numbers need scales beside them.
    pub quantized: bool,
    /// What of the files is read otherwise than it stands there: sentences.
    pub warnings: Vec<String>,
    pub(super) tensors: Vec<Declared>,
    pub(super) targets: Vec<Target>,
}

impl Declarations {
    /// None yet, of a model that says whether it is quantised.
    pub fn of(quantized: bool) -> Self {
        Declarations { quantized, ..Declarations::default() }
    }

    /// Weights of `parts` layers `[outputs, inputs]` that read the same rows, packed as one:
    /// the query, key and value projections become a single product. They stand in as many
    /// tensors as there are `names`, each `[parts / names · outputs, inputs]`: one for each
    /// layer, or one that holds them all.
    pub fn matrix(&mut self, names: &[String], parts: usize, outputs: usize, inputs: usize) -> Param<Matrix> {
        debug_assert!(parts.is_multiple_of(names.len()));
        let rows = parts / names.len() * outputs;
        self.tensors(names, &[rows, inputs], rows, Initial::Drawn(self.initializer));
        self.packed(parts, outputs, inputs)
    }

    /// The same in tensors that hold so many parts each, their rows in an order of their own.
    pub fn matrix_of_shares(
        &mut self,
        shares: &[(String, usize)],
        order: RowOrder,
        outputs: usize,
        inputs: usize,
    ) -> Param<Matrix> {
        let mut parts = 0;
        for (name, share) in shares {
            let shape = [share * outputs, inputs];
            self.tensor(name, &shape, parts * outputs, order, Initial::Drawn(self.initializer));
            parts += share;
        }
        self.packed(parts, outputs, inputs)
    }

    /// The biases of such layers.
    pub fn vector_of_shares(&mut self, shares: &[(String, usize)], order: RowOrder, outputs: usize) -> Param<Vec<f32>> {
        let mut length = 0;
        for (name, share) in shares {
            self.tensor(name, &[share * outputs], length, order, Initial::Zeros);
            length += share * outputs;
        }
        self.vectors(length, 1)
    }

    /// Weights `[outputs, inputs]` of one layer that the file keeps in another shape, such as a
    /// convolution's `[outputs, channels, width]`: each output's numbers are a row.
    pub fn matrix_of_shape(&mut self, name: &str, shape: &[usize], outputs: usize, inputs: usize) -> Param<Matrix> {
        debug_assert_eq!(shape.iter().product::<usize>(), outputs * inputs);
        self.tensors(&[name.to_owned()], shape, outputs, Initial::Drawn(self.initializer));
        self.packed(1, outputs, inputs)
    }

    /// Vectors of `length` numbers, one after the other; where they are new they begin with
    /// `initial`.
    pub fn vector(&mut self, names: &[String], length: usize, initial: Initial) -> Param<Vec<f32>> {
        self.tensors(names, &[length], 1, initial);
        self.vectors(names.len(), length)
    }

    /// A vector that the file keeps in another shape, such as `[1, length]`.
    pub fn vector_of_shape(&mut self, name: &str, shape: &[usize], initial: Initial) -> Param<Vec<f32>> {
        self.tensors(&[name.to_owned()], shape, 1, initial);
        self.vectors(1, shape.iter().product())
    }

    /// A table `[rows, columns]` to look rows up in; kept in the precision of the matrices if it is
    /// `compact`, else in f32.
    pub fn table(&mut self, name: String, rows: usize, columns: usize, compact: bool) -> Param<Table> {
        self.tensors(&[name], &[rows, columns], rows, Initial::Drawn(self.initializer));
        let param = Param::empty();
        self.targets.push(Target::Table { rows, columns, compact, param: param.clone() });
        param
    }

    /// Names the tensor that fills the table which was declared last: `name` in a checkpoint that is saved, but here
    /// it is at `at`.
    pub fn found_at(&mut self, at: &str) {
        if let Some(tensor) = self.tensors.last_mut() {
            at.clone_into(&mut tensor.at);
        }
    }

    /// A table `[rows, columns]` that most often holds the numbers of the compact table `of`; it then takes no memory
    /// of its own.
    pub fn copy(&mut self, name: String, rows: usize, columns: usize, of: &Param<Table>) -> Param<Table> {
        self.tensors(&[name], &[rows, columns], rows, Initial::Drawn(self.initializer));
        let param = Param::empty();
        self.targets.push(Target::Copy { rows, columns, of: of.clone(), param: param.clone() });
        param
    }

    fn packed(&mut self, parts: usize, outputs: usize, inputs: usize) -> Param<Matrix> {
        let param = Param::empty();
        self.targets.push(Target::Matrix { parts, outputs, inputs, param: param.clone() });
        param
    }

    fn vectors(&mut self, rows: usize, columns: usize) -> Param<Vec<f32>> {
        let param = Param::empty();
        self.targets.push(Target::Vectors { rows, columns, param: param.clone() });
        param
    }

    /// Tensors of equal shape that fill the next parameter, `rows` of it each.
    fn tensors(&mut self, names: &[String], shape: &[usize], rows: usize, initial: Initial) {
        for (index, name) in names.iter().enumerate() {
            self.tensor(name, shape, index * rows, RowOrder::Same, initial);
        }
    }

    /// A tensor that fills the next parameter from a row on.
    fn tensor(&mut self, name: &str, shape: &[usize], row: usize, order: RowOrder, initial: Initial) {
        let (name, target) = (name.to_owned(), self.targets.len());
        let at = name.clone();
        self.tensors.push(Declared { name, at, shape: shape.to_vec(), target, row, order, side: 0, initial });
    }
}
