//! A model whose matrices take half or a quarter of the bytes, prepared once so that every download
//! is smaller. It loads to the same bits as the source does in that precision.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::copy::{copy_modules, copy_tokenizer};
use super::files::{io_error, refuse_model, small_files, write_whole};
use super::weights::{checkpoint, open_whole};
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::kernels::Precision;
use crate::models::{Config, Model, QUANTIZATION_FIELDS, int8_per_channel};
use crate::weights::{Checkpoint, Compact, Entry, LoadOptions, Location, MODEL_FILE, SCALE, StoredType, write_compact};

/// Writes the model of the folder `source` to the folder `target`, in one file of weights: matrices
/// and word embeddings of the encoder and of every head that there is as `precision` keeps them (see
/// [`write_compact`]), everything else as it is. In int8 the layout is that of the
/// `compressed-tensors` package, and `config.json` says so. Tokenizer and modules of
/// `sentence-transformers` are copied. Tensors pass through one row at a time.
/// `config.json` comes last; without it the folder is no model.
///
/// Returns the names of the tensors that could not be made smaller: with a number beyond f16's range,
/// or in int8 word embeddings that `transformers` shares among layers, which the package cannot load.
///
/// # Errors
/// [`Error::Io`] when `target` holds a model already, or a file cannot be read or written;
/// [`Error::Config`] or [`Error::Dtype`] when the source is quantised already; [`Error::Option`] for a precision that is
/// not smaller; those of [`checkpoint`] and [`Model::plan`].
pub fn quantize(source: &Path, target: &Path, precision: Precision) -> Result<Vec<String>> {
    if precision == Precision::Fp32 {
        let supported = [Precision::Fp16, Precision::Q8].map(Precision::name).join(", ");
        return Err(Error::Option { option: "dtype".into(), value: precision.name().into(), supported });
    }
    refuse_model(target)?;
    let files = small_files(source)?;
    let config = Config::parse(files.config()?)?;
    let whole = checkpoint(source)?;
    refuse_quantized(&config, &whole)?;
    let (mut matrices, tied) = matrices(&config, &whole)?;
    let mut unchanged = Vec::new();
    let mut config_json = files.config()?.to_vec();
    if precision == Precision::Q8 {
        matrices.retain(|location, _| !tied.contains(location));
        unchanged.extend(tied.into_iter().map(|location| whole.entry(location).name.clone()));
        config_json = quantized_config(&config, &matrices);
    }
    let mut sources = Vec::new();
    for (name, header) in whole.files() {
        sources.push(open_whole(source, name, header)?);
    }
    std::fs::create_dir_all(target).map_err(|error| io_error(target, &error))?;
    copy_tokenizer(source, target)?;
    copy_modules(source, target)?;
    let locations: Vec<Location> = matrices.into_keys().collect();
    write_whole(&target.join(MODEL_FILE), |out| {
        unchanged.extend(write_compact(&whole, &locations, precision, &mut sources, out)?);
        Ok(())
    })?;
    write_whole(&target.join("config.json"), |out| out.write_all(&config_json))?;
    Ok(unchanged)
}

fn refuse_quantized(config: &Config, whole: &Checkpoint) -> Result<()> {
    let field = QUANTIZATION_FIELDS.iter().find_map(|&name| Some((name, config.fields.get(name)?)));
    if let Some((field, value)) = field {
        let (field, value) = (field.into(), value["format"].to_string());
        let supported = "a model that is not quantised yet".into();
        return Err(Error::Config { file: "config.json".into(), field, value, supported });
    }
    let names: HashSet<&str> = whole.entries().map(|(_, entry)| entry.name.as_str()).collect();
    let has_scales = |entry: &Entry| names.contains(format!("{}{SCALE}", entry.name).as_str());
    match whole.entries().find(|(_, entry)| entry.dtype == StoredType::I8.name() && has_scales(entry)) {
        None => Ok(()),
        Some((_, entry)) => {
            let supported =
                [StoredType::F32, StoredType::F16, StoredType::Bf16].map(|dtype| dtype.name().to_owned()).into();
            Err(Error::Dtype { tensor: entry.name.clone(), dtype: entry.dtype.clone(), supported })
        }
    }
}

/// Every matrix and table of word embeddings that a load reads, whatever the head, with its full
/// name; and those of the tables that `transformers` shares among layers.
fn matrices(config: &Config, whole: &Checkpoint) -> Result<(BTreeMap<Location, String>, BTreeSet<Location>)> {
    let (mut matrices, mut tied) = (BTreeMap::new(), BTreeSet::new());
    for &kind in HeadKind::ALL {
        let (model, plan) = match Model::plan(config.clone(), whole, kind, LoadOptions::default()) {
            Ok(planned) => planned,
            Err(error) if kind == HeadKind::Base => return Err(error),
            Err(_) => continue,
        };
        for Compact { location, name, is_table } in plan.compact(whole) {
            matrices.insert(location, name.to_owned());
            tied.extend((is_table && model.ties_words()).then_some(location));
        }
    }
    Ok((matrices, tied))
}

/// The configuration with what `transformers` needs to know to read the weights.
fn quantized_config(config: &Config, matrices: &BTreeMap<Location, String>) -> Vec<u8> {
    let mut fields = config.fields.all().clone();
    let prefix = config.architecture.prefixes.first().map(|prefix| format!("{prefix}."));
    let targets: BTreeSet<String> = matrices.values().map(|name| target(name, prefix.as_deref())).collect();
    fields.insert(QUANTIZATION_FIELDS[0].into(), int8_per_channel(&targets.into_iter().collect::<Vec<_>>()));
    // In a narrower type Python would round the scales.
    fields.shift_remove("torch_dtype");
    fields.insert("dtype".into(), json!("float32"));
    format!("{:#}\n", Value::Object(fields)).into_bytes()
}

/// A regular expression for the layers that the tensor belongs to, in models with a head and in
/// those without: numbers of layers become any number, the encoder's prefix may be missing.
fn target(name: &str, prefix: Option<&str>) -> String {
    let layer = name.strip_suffix(".weight").unwrap_or(name);
    let (start, rest) = match prefix.and_then(|prefix| Some((prefix, layer.strip_prefix(prefix)?))) {
        Some((prefix, rest)) => (format!("({})?", prefix.replace('.', "\\.")), rest),
        None => (String::new(), layer),
    };
    let parts = rest.split('.').map(|part| if part.parse::<usize>().is_ok() { "\\d+" } else { part });
    format!("re:{start}{}$", parts.collect::<Vec<_>>().join("\\."))
}
