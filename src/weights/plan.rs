//! The load plan: a pure function of what the model declares and of the headers of its files.
//! Everything that can be wrong with a checkpoint's tensors is found here, before its
//! weights are downloaded.

use super::checkpoint::{Checkpoint, Location};
use super::choice::{Choice, Reason, choose};
use super::declare::{Declarations, Declared, RowOrder, Target};
use super::header::Entry;
use super::memory::Budget;
use super::names::{Ignorable, Names};
use super::new_head::NewHead;
use super::stored_type::StoredType;
use crate::error::{Error, Result, listed};
use crate::kernels::Precision;
use crate::limits;

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
    /// Whether the load also gives the checkpoint in its precision, as one file
    /// ([`Filler::take_converted`](super::Filler::take_converted)), which is held until it is taken.
    /// Several files must then arrive one after the other, but for what comes with their headers.
    pub convert: bool,
}

impl<T: Into<Choice>> From<T> for LoadOptions {
    fn from(precision: T) -> Self {
        LoadOptions { precision: precision.into(), ..LoadOptions::default() }
    }
}

/// Where the numbers of one tensor of the checkpoint go.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    /// Full name: see [`Names`].
    pub(super) name: String,
    pub(super) target: usize,
    /// First row of the parameter, before they are ordered.
    pub(super) row: usize,
    /// Which row of the parameter each is.
    pub(super) order: RowOrder,
    /// 0, or which of its copies it fills.
    pub(super) side: usize,
    pub(super) part: Part,
    pub(super) dtype: StoredType,
}

/// What a tensor gives to a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Rows of numbers.
    Rows,
    /// Rows that another tensor has scales for.
    ScaledRows,
    /// For each row of another tensor what its numbers are to be multiplied by.
    Scales,
}

/// What the name of a tensor of scales ends with, behind that of the tensor it belongs to: the
/// convention of the `compressed-tensors` package.
pub const SCALE: &str = "_scale";

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
    /// Read into the encoder, and the parameters they hold; scales hold none.
    pub encoder: Vec<(String, u64)>,
    /// Read into the head, and the parameters they hold.
    pub head: Vec<(String, u64)>,
    /// Drawn for the head: untrained, so that what it computes means nothing yet.
    pub new: Vec<String>,
    /// Left aside: buffers and other heads.
    pub ignored: Vec<String>,
    /// Left aside, and nothing is known of them.
    pub unexpected: Vec<String>,
    /// What of the files is read otherwise than it stands there: sentences.
    pub warnings: Vec<String>,
}

/// A tensor that may be stored in a compact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compact<'a> {
    /// Where it stands.
    pub location: Location,
    /// Its full name: see [`Names`].
    pub name: &'a str,
    /// Whether it is looked up, not only multiplied with.
    pub is_table: bool,
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
    /// Names of tensors in I8 that nothing has scales for.
    without_scales: Vec<String>,
    prepared_bytes: u64,
    max_memory: Option<u64>,
    pub(super) targets: Vec<Target>,
    /// For each file, one for each entry of its header; `None` where the tensor is left aside.
    pub(super) placements: Vec<Vec<Option<Placement>>>,
    pub(super) new: Vec<New>,
    pub(super) convert: bool,
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
            without_scales: Vec::new(),
            max_memory: options.max_memory,
            targets: Vec::new(),
            placements: checkpoint.files().iter().map(|(_, header)| vec![None; header.entries.len()]).collect(),
            new: Vec::new(),
            convert: options.convert,
        };
        for section in sections {
            let new_head = options.new_head.filter(|_| section.head.is_some());
            plan.place(checkpoint, names, section, new_head)?;
        }
        plan.warn("several files hold", &checkpoint.copied(), "the one that the index names is read, else the last");
        let without_scales = std::mem::take(&mut plan.without_scales);
        plan.warn(
            "whole numbers without scales are read as they are:",
            &without_scales,
            "no configuration explains them",
        );
        for (location, entry) in checkpoint.entries() {
            if plan.placement(location).is_none() {
                let list = match names.ignorable(&entry.name, ignorable) {
                    true => &mut plan.usage.ignored,
                    false => &mut plan.usage.unexpected,
                };
                list.push(entry.name.clone());
            }
        }
        let of_files = plan.precision_of_files(checkpoint);
        let bytes_in = |precision| plan.bytes_in(precision);
        (plan.precision, plan.precision_reason) =
            choose(options.precision, of_files, bytes_in, available(options.max_memory))?;
        Ok(plan)
    }

    /// What may be stored in a compact form: the matrices and the tables of word embeddings that are
    /// read from numbers without scales.
    pub fn compact<'a>(&'a self, checkpoint: &'a Checkpoint) -> impl Iterator<Item = Compact<'a>> {
        checkpoint.entries().filter_map(|(location, entry)| {
            let Placement { name, target, part, .. } = self.placement(location)?;
            let target = &self.targets[*target];
            let is_compact = target.form(Precision::Q8) == Precision::Q8 && entry.shape.len() == 2;
            let is_table = matches!(target, Target::Table { .. });
            (is_compact && *part == Part::Rows).then_some(Compact { location, name, is_table })
        })
    }

    /// In which smaller type the tensor at a location is kept, and the columns of its rows.
    pub(super) fn narrower(&self, location: Location) -> Option<(StoredType, usize)> {
        let placement = self.placement(location).filter(|placement| placement.part == Part::Rows)?;
        let target = &self.targets[placement.target];
        let dtype = StoredType::of(target.form(self.precision));
        (dtype.bytes() < placement.dtype.bytes()).then(|| (dtype, target.columns()))
    }

    /// Bytes that the weights, and what is computed from them, will take in memory.
    pub fn weight_bytes(&self) -> u64 {
        self.bytes_in(self.precision)
    }

    /// The same block by block, in the order in which they are reserved.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u64> {
        self.blocks_in(self.precision)
    }

    /// What the weights may take, and take so far.
    pub(super) fn budget(&self) -> Budget {
        Budget { planned: self.weight_bytes(), most: available(self.max_memory) }
    }

    fn bytes_in(&self, precision: Precision) -> u64 {
        self.blocks_in(precision).sum()
    }

    fn blocks_in(&self, precision: Precision) -> impl Iterator<Item = u64> {
        self.targets.iter().map(move |target| target.bytes(precision)).chain([self.prepared_bytes])
    }

    /// The precision of the type that more than half of the bytes that are read have.
    fn precision_of_files(&self, checkpoint: &Checkpoint) -> Precision {
        let read = || {
            checkpoint.entries().filter_map(|(at, entry)| Some((self.placement(at)?.dtype, entry.end - entry.start)))
        };
        let all: u64 = read().map(|(_, bytes)| bytes).sum();
        let is_most = |dtype| 2 * read().filter(|(one, _)| *one == dtype).map(|(_, bytes)| bytes).sum::<u64>() > all;
        match (is_most(StoredType::I8), is_most(StoredType::F16)) {
            (true, _) => Precision::Q8,
            (_, true) => Precision::Fp16,
            _ => Precision::Fp32,
        }
    }

    /// Where the tensor at a location of the checkpoint goes.
    pub(super) fn placement(&self, location: Location) -> Option<&Placement> {
        self.placements[location.file][location.entry].as_ref()
    }

    /// Warns of tensors, if there are any.
    fn warn(&mut self, of: &str, names: &[String], what: &str) {
        if !names.is_empty() {
            self.usage.warnings.push(format!("{of} {}; {what}.", listed(names)));
        }
    }

    /// The target that holds a target's numbers, and 0 or which of its copies the target is.
    pub(super) fn home(&self, target: usize) -> (usize, usize) {
        let Target::Copy { of, .. } = &self.targets[target] else {
            return (target, 0);
        };
        let is_home = |home: &Target| matches!(home, Target::Table { param, .. } if param.is(of));
        let copies = self.targets[..=target].iter();
        let side = copies.filter(|other| matches!(other, Target::Copy { of: other, .. } if other.is(of))).count();
        (self.targets.iter().position(is_home).unwrap_or(target), side)
    }

    fn place(
        &mut self,
        checkpoint: &Checkpoint,
        names: &Names,
        section: Section,
        new_head: Option<NewHead>,
    ) -> Result<()> {
        let first = self.targets.len();
        self.targets.extend(section.needs.targets);
        self.usage.warnings.extend(section.needs.warnings);
        let mut missing = Vec::new();
        for mut tensor in section.needs.tensors {
            (tensor.target, tensor.side) = self.home(first + tensor.target);
            let location = names.location(&tensor.at);
            let fits = |location: &Location| checkpoint.entry(*location).shape == tensor.shape;
            match (location.filter(|location| new_head.is_none() || fits(location)), new_head) {
                (Some(location), _) => {
                    let used = match section.head {
                        None => &mut self.usage.encoder,
                        Some(_) => &mut self.usage.head,
                    };
                    let columns = self.targets[tensor.target].columns();
                    let placed = placements(checkpoint, names, location, &tensor, columns)?;
                    if let [(_, Placement { dtype: StoredType::I8, .. })] = placed.as_slice() {
                        let name = &checkpoint.entry(location).name;
                        let is_matrix = self.targets[tensor.target].form(Precision::Q8) == Precision::Q8;
                        match section.needs.quantized && is_matrix {
                            true => missing.push(format!("{}{SCALE}", tensor.at)),
                            false => self.without_scales.push(name.clone()),
                        }
                    }
                    for (location, placement) in placed {
                        let entry = checkpoint.entry(location);
                        let is_scales = placement.part == Part::Scales;
                        used.push((entry.name.clone(), if is_scales { 0 } else { count(&entry.shape) as u64 }));
                        let place = &mut self.placements[location.file][location.entry];
                        debug_assert!(place.is_none(), "{} is declared twice", placement.name);
                        *place = Some(placement);
                    }
                }
                (None, Some(head)) => {
                    self.usage.new.push(tensor.name.clone());
                    self.new.push(New { tensor, head });
                }
                (None, None) => missing.push(tensor.name),
            }
        }
        // Where nothing was found, how the files spell names is not known.
        if !self.usage.encoder.is_empty() {
            missing.iter_mut().for_each(|name| *name = names.spelled(name));
        }
        match (missing.is_empty(), section.head) {
            (true, _) => Ok(()),
            (false, None) => Err(Error::MissingTensors { missing }),
            (false, Some(head)) => Err(Error::MissingHead { head: head.to_owned(), missing }),
        }
    }
}

/// Bytes that weights may take.
fn available(max_memory: Option<u64>) -> u64 {
    [max_memory, limits::WEIGHT_BYTES].into_iter().flatten().min().unwrap_or(u64::MAX)
}

/// Where the tensor at `location` goes, whose rows have that many columns, and its scales, if it has
/// some.
fn placements(
    checkpoint: &Checkpoint,
    names: &Names,
    location: Location,
    tensor: &Declared,
    columns: usize,
) -> Result<Vec<(Location, Placement)>> {
    let &Declared { ref name, ref at, ref shape, target, row, order, side, .. } = tensor;
    let placement = |name: String, part, dtype| Placement { name, target, row, order, side, part, dtype };
    let dtype = check(checkpoint.entry(location), shape)?;
    let Some(other) = names.location(&format!("{at}{SCALE}")) else {
        return Ok(vec![(location, placement(name.clone(), Part::Rows, dtype))]);
    };
    let dtype_of_scales = check_scales(checkpoint.entry(other), count(shape) / columns)?;
    Ok(vec![
        (location, placement(name.clone(), Part::ScaledRows, dtype)),
        (other, placement(format!("{name}{SCALE}"), Part::Scales, dtype_of_scales)),
    ])
}

/// Numbers of a tensor.
fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

fn check(entry: &Entry, expected: &[usize]) -> Result<StoredType> {
    if entry.shape != expected {
        return Err(shape_error(entry, expected.to_vec()));
    }
    StoredType::parse(&entry.dtype).ok_or_else(|| dtype_error(entry, StoredType::ALL))
}

/// Checks a tensor of scales: one for each of `rows`.
fn check_scales(entry: &Entry, rows: usize) -> Result<StoredType> {
    match entry.shape.split_first() {
        Some((&first, rest)) if first == rows && rest.iter().all(|&size| size == 1) => {}
        _ => return Err(shape_error(entry, vec![rows, 1])),
    }
    let dtype = StoredType::parse(&entry.dtype).filter(|dtype| StoredType::OF_SCALES.contains(dtype));
    dtype.ok_or_else(|| dtype_error(entry, StoredType::OF_SCALES))
}

fn shape_error(entry: &Entry, expected: Vec<usize>) -> Error {
    Error::Shape { tensor: entry.name.clone(), expected, got: entry.shape.clone() }
}

fn dtype_error(entry: &Entry, supported: &[StoredType]) -> Error {
    let supported = supported.iter().map(|dtype| dtype.name().to_owned()).collect();
    Error::Dtype { tensor: entry.name.clone(), dtype: entry.dtype.clone(), supported }
}
