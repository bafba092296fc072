//! The weights of a module that has a file of its own, `model.safetensors` in its folder: what the module needs in, a
//! load out. Called by what builds modules.

use super::modules::within;
use crate::error::{Error, Result};
use crate::weights::{
    Checkpoint, Choice, Declarations, Filler, Ignorable, Index, Load, LoadOptions, MODEL_FILE, Names, Plan, Section,
};

/// Fills what the module in `folder` needs. A tensor that it has no use for is an error, which calls it `kind`.
pub fn load(kind: &'static str, folder: &str, needs: Declarations, precision: Choice) -> Load<()> {
    let plan = move |checkpoint: &Checkpoint| Ok(((), filler(checkpoint, kind, needs, precision)?));
    Load::new(Index::of(within(folder, MODEL_FILE)), plan).map(|_| Ok(()))
}

fn filler(checkpoint: &Checkpoint, kind: &'static str, needs: Declarations, precision: Choice) -> Result<Filler> {
    let names = Names::new(checkpoint, &[], &[]);
    let section = Section { head: Some(kind), needs };
    let nothing = Ignorable { buffers: &[], heads: &[] };
    let options = LoadOptions { precision, ..LoadOptions::default() };
    let plan = Plan::new(checkpoint, &names, vec![section], &nothing, options)?;
    match (plan.usage.unexpected.first(), checkpoint.files()) {
        (Some(tensor), [(file, _)]) => Err(Error::Config {
            file: file.clone(),
            field: "a tensor".into(),
            value: tensor.clone(),
            supported: "only those that the settings of the module imply".into(),
        }),
        _ => Filler::new(checkpoint, plan),
    }
}
