//! The load plan: a pure function of what the model declares and of the headers of its files.
//! Everything that can be wrong with a checkpoint's tensors is found here, before its
//! weights are downloaded.

use super::checkpoint::{Checkpoint, Location};
use super::choice::{Choice, Reason, choose};
use super::convert::Dtype;
use super::declare::{Declarations, Declared, Target};
use super::header::Entry;
use super::names::{Ignorable, Names};
use super::new_head::NewHead;
use crate::error::{Error, Result};
use crate::kernels::Precision;

/// A part of the model: the encoder or a head.
#[derive(Debug)]
pub struct Section {
    /// Name of the head; `None` for the encoder.
    pub head: Option<&'static str>,
    /// The tensors it needs.
    pub needs: Declarations,
}

/// How a load goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadOptions {
    /// How matrices and the table of word embeddings are kept.
    pub precision: Choice,
    /// Most bytes that the weights may take in memory.
    pub max_memory: Option<u64>,
    /// Whether tensors of the head that the checkpoint lacks, or has in other sizes, are drawn.
    /// If not, they are an error. Those of the encoder always are.
    pub new_head: Option<NewHead>,
}

/// Where the numbers of one tensor of the checkpoint go.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    /// Full name: see [`Names`].
    pub(super) name: String,
    pub(super) target: usize,
    /// First row of the parameter.
    pub(super) row: usize,
    pub(super) dtype: Dtype,
}

/// A tensor that the checkpoint does not hold.
#[derive(Debug)]
pub(super) struct New {
    pub(super) tensor: Declared,
    pub(super) head: NewHead,
}

impl New {
    /// Its numbers, in the order in which a file holds them.
    pub(super) fn numbers(&self) -> impl Iterator<Item = f32> {
        let elements = self.tensor.shape.iter().product();
        self.head.numbers(&self.tensor.name, self.tensor.initial).take(elements)
    }
}

/// What became of each tensor, those of the checkpoint by their names there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Read into the encoder, and the numbers they hold.
    pub encoder: Vec<(String, u64)>,
    /// Read into the head, and the numbers they hold.
    pub head: Vec<(String, u64)>,
    /// Drawn for the head: untrained, so that what it computes means nothing yet.
    pub new: Vec<String>,
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
    /// How matrices and the table of word embeddings are kept.
    pub precision: Precision,
    /// Why so.
    pub precision_reason: Reason,
    prepared_bytes: u64,
    pub(super) targets: Vec<Target>,
    /// For each file, one for each entry of its header; `None` where the tensor is left aside.
    pub(super) placements: Vec<Vec<Option<Placement>>>,
    pub(super) new: Vec<New>,
}

impl Plan {
    /// Matches what `sections` need with what `checkpoint` holds.
    ///
    /// # Errors
    /// [`Error::MissingTensors`], [`Error::MissingHead`], [`Error::Shape`], [`Error::Dtype`];
    /// [`Error::OutOfMemory`] when the weights may not take as much memory as they need.
    pub fn new(
        checkpoint: &Checkpoint,
        names: &Names,
        sections: Vec<Section>,
        ignorable: &Ignorable,
        options: LoadOptions,
    ) -> Result<Plan> {
        let mut plan = Plan {
            usage: Usage::default(),
            precision: Precision::default(),
            precision_reason: Reason::Asked,
            prepared_bytes: sections.iter().map(|section| section.needs.prepared_bytes).sum(),
            targets: Vec::new(),
            placements: checkpoint.files().iter().map(|(_, header)| vec![None; header.entries.len()]).collect(),
            new: Vec::new(),
        };
        for section in sections {
            let new_head = options.new_head.filter(|_| section.head.is_some());
            plan.place(checkpoint, names, section, new_head)?;
        }
        for (location, entry) in checkpoint.entries() {
            if plan.placement(location).is_none() {
                let list = match names.ignorable(&entry.name, ignorable) {
                    true => &mut plan.usage.ignored,
                    false => &mut plan.usage.unexpected,
                };
                list.push(entry.name.clone());
            }
        }
        let stored_as_f16 = plan.stored_as_f16(checkpoint);
        let bytes_in = |precision| plan.bytes_in(precision);
        (plan.precision, plan.precision_reason) =
            choose(options.precision, stored_as_f16, bytes_in, options.max_memory)?;
        Ok(plan)
    }

    /// Bytes that the weights, and what is computed from them, will take in memory.
    pub fn weight_bytes(&self) -> u64 {
        self.bytes_in(self.precision)
    }

    /// The same block by block, in the order in which they are reserved.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u64> {
        self.blocks_in(self.precision)
    }

    fn bytes_in(&self, precision: Precision) -> u64 {
        self.blocks_in(precision).sum()
    }

    fn blocks_in(&self, precision: Precision) -> impl Iterator<Item = u64> {
        self.targets.iter().map(move |target| target.bytes(precision)).chain([self.prepared_bytes])
    }

    /// Whether more than half of the bytes that are read are F16.
    fn stored_as_f16(&self, checkpoint: &Checkpoint) -> bool {
        let read =
            || checkpoint.entries().filter_map(|(at, entry)| Some((self.placement(at)?, entry.end - entry.start)));
        let f16 = read().filter(|(placement, _)| placement.dtype == Dtype::F16);
        2 * f16.map(|(_, bytes)| bytes).sum::<u64>() > read().map(|(_, bytes)| bytes).sum()
    }

    /// Where the tensor at a location of the checkpoint goes.
    pub(super) fn placement(&self, location: Location) -> Option<&Placement> {
        self.placements[location.file][location.entry].as_ref()
    }

    fn place(
        &mut self,
        checkpoint: &Checkpoint,
        names: &Names,
        section: Section,
        new_head: Option<NewHead>,
    ) -> Result<()> {
        let first = self.targets.len();
        let mut missing = Vec::new();
        for mut tensor in section.needs.tensors {
            tensor.target += first;
            let location = names.location(&tensor.name);
            let fits = |location: &Location| checkpoint.entry(*location).shape == tensor.shape;
            match (location.filter(|location| new_head.is_none() || fits(location)), new_head) {
                (Some(location), _) => {
                    let used = match section.head {
                        None => &mut self.usage.encoder,
                        Some(_) => &mut self.usage.head,
                    };
                    let entry = checkpoint.entry(location);
                    let dtype = check(entry, &tensor.shape)?;
                    used.push((entry.name.clone(), tensor.shape.iter().map(|&size| size as u64).product()));
                    let Declared { name, target, row, .. } = tensor;
                    let place = &mut self.placements[location.file][location.entry];
                    debug_assert!(place.is_none(), "{name} is declared twice");
                    *place = Some(Placement { name, target, row, dtype });
                }
                (None, Some(head)) => {
                    self.usage.new.push(tensor.name.clone());
                    self.new.push(New { tensor, head });
                }
                (None, None) => missing.push(tensor.name),
            }
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
