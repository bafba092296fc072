//! The load of a model by itself: what is planned once the headers of its files are whole, and what is computed of its
//! weights alone once they are there.

use super::config::Config;
use super::model::Model;
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::weights::{Checkpoint, Choice, Filler, Index, Load, LoadOptions};

impl Model {
    /// Starts a load of the model that `config` describes, with the given head, from the files of `index`. Its plan is
    /// [`Model::plan`].
    pub fn load(config: Config, kind: HeadKind, options: LoadOptions, index: Index) -> Load<Model> {
        let load = Load::new(index, move |checkpoint| reserve(&config, checkpoint, kind, options));
        load.map(|(mut model, weight_bytes)| {
            model.weights_take(weight_bytes);
            model.prepare()?;
            Ok(model)
        })
    }
}

/// Plans the load and reserves its memory. Where the choice is ours, in a smaller form if there turns out to be less
/// memory than the options allow.
fn reserve(
    config: &Config,
    checkpoint: &Checkpoint,
    kind: HeadKind,
    mut options: LoadOptions,
) -> Result<(Model, Filler)> {
    loop {
        let (model, plan) = Model::plan(config.clone(), checkpoint, kind, options)?;
        match Filler::new(checkpoint, plan) {
            Err(Error::OutOfMemory { needed, available })
                if options.precision == Choice::Auto && available < needed =>
            {
                options.max_memory = Some(available);
            }
            filler => return Ok((model, filler?)),
        }
    }
}
