//! The load plan: a pure function of what the model declares and of the file's header.
//! Everything that can be wrong with a checkpoint's tensors is found here, before its
//! weights are downloaded.

use super::convert::Dtype;
use super::declare::{Declarations, Target};
use super::header::{Entry, Header};
use super::names::{Ignorable, Names};
use crate::error::{Error, Result};
use crate::kernels::{Matrix, Precision};

/// A part of the model: the encoder or a head.
#[derive(Debug)]
pub struct Section {
    /// Name of the head; `None` for the encoder.
    pub head: Option<&'static str>,
    /// The tensors it needs.
    pub needs: Declarations,
}

/// Where the numbers of one tensor of the file go.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    pub(super) target: usize,
    /// First row of the parameter.
    pub(super) row: usize,
    pub(super) dtype: Dtype,
}

/// What became of each tensor of the file, by its name there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Read into the encoder, and the numbers they hold.
    pub encoder: Vec<(String, u64)>,
    /// Read into the head, and the numbers they hold.
    pub head: Vec<(String, u64)>,
    /// Left aside: buffers and other heads.
    pub ignored: Vec<String>,
    /// Left aside, and nothing is known of them.
    pub unexpected: Vec<String>,
}

/// Where everything goes.
#[derive(Debug)]
pub struct Plan {
    /// What became of each tensor.
    pub usage: Usage,
    /// How matrices are kept.
    pub precision: Precision,
    pub(super) targets: Vec<Target>,
    /// One for each entry of the header; `None` where the tensor is left aside.
    pub(super) placements: Vec<Option<Placement>>,
}

impl Plan {
    /// Matches what `sections` need with what `header` holds.
    ///
    /// # Errors
    /// [`Error::MissingTensors`], [`Error::MissingHead`], [`Error::Shape`], [`Error::Dtype`].
    pub fn new(
        header: &Header,
        names: &Names,
        sections: Vec<Section>,
        ignorable: &Ignorable,
        precision: Precision,
    ) -> Result<Plan> {
        let placements = vec![None; header.entries.len()];
        let mut plan = Plan { usage: Usage::default(), precision, targets: Vec::new(), placements };
        for section in sections {
            plan.place(header, names, section)?;
        }
        for (entry, placement) in header.entries.iter().zip(&plan.placements) {
            if placement.is_none() {
                let list = match names.ignorable(&entry.name, ignorable) {
                    true => &mut plan.usage.ignored,
                    false => &mut plan.usage.unexpected,
                };
                list.push(entry.name.clone());
            }
        }
        Ok(plan)
    }

    /// Bytes that the weights will take in memory.
    pub fn weight_bytes(&self) -> u64 {
        let bytes = |target: &Target| match *target {
            Target::Matrix { parts, outputs, inputs, .. } => {
                Matrix::bytes_of(self.precision.kernel(), parts, outputs, inputs)
            }
            Target::Dense { rows, columns, .. } => (rows * columns * size_of::<f32>()) as u64,
        };
        self.targets.iter().map(bytes).sum()
    }

    fn place(&mut self, header: &Header, names: &Names, section: Section) -> Result<()> {
        let first = self.targets.len();
        let mut missing = Vec::new();
        for tensor in section.needs.tensors {
            let Some(position) = names.position(&tensor.name) else {
                missing.push(tensor.name);
                continue;
            };
            let entry = &header.entries[position];
            let dtype = check(entry, &tensor.shape)?;
            self.placements[position] = Some(Placement { target: first + tensor.target, row: tensor.row, dtype });
            let used = match section.head {
                None => &mut self.usage.encoder,
                Some(_) => &mut self.usage.head,
            };
            used.push((entry.name.clone(), tensor.shape.iter().map(|&size| size as u64).product()));
        }
        self.targets.extend(section.needs.targets);
        match (missing.is_empty(), section.head) {
            (true, _) => Ok(()),
            (false, None) => Err(Error::MissingTensors { missing }),
            (false, Some(head)) => Err(Error::MissingHead { head: head.to_owned(), missing }),
        }
    }
}

fn check(entry: &Entry, expected: &[usize]) -> Result<Dtype> {
    if entry.shape != expected {
        return Err(Error::Shape { tensor: entry.name.clone(), expected: expected.to_vec(), got: entry.shape.clone() });
    }
    Dtype::parse(&entry.dtype).ok_or_else(|| Error::Dtype {
        tensor: entry.name.clone(),
        dtype: entry.dtype.clone(),
        supported: Dtype::SUPPORTED.iter().map(|&name| name.to_owned()).collect(),
    })
}
