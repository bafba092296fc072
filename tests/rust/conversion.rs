//! The checkpoint that a load gives in its own precision, to be kept in place of the source.

use crate::common::Fixture;
use crate::common::tensors::{bits, read};
use headwise::internals::architectures::HeadKind;
use headwise::internals::kernels::Precision;
use headwise::internals::models::{Config, Model};
use headwise::internals::weights::{Choice, Index, LoadOptions, Reason};
use headwise::{Error, Result};
use safetensors::Dtype;

fn config(fixture: &Fixture) -> Config {
    Config::parse(fixture.config).expect("a configuration")
}

fn files(fixture: &Fixture) -> Vec<&'static [u8]> {
    fixture.index().files().iter().map(|name| fixture.file(name)).collect()
}

/// Loads a fixture, the beginnings of all files first, in pieces of that many bytes. Returns what
/// came of the conversion, and how long it was said to be.
fn convert(
    fixture: &Fixture,
    kind: HeadKind,
    precision: Precision,
    piece: usize,
) -> Result<(Vec<u8>, Option<u64>, Model)> {
    let options = LoadOptions { precision: precision.into(), convert: true, ..LoadOptions::default() };
    let mut loader = Model::load(config(fixture), kind, options, fixture.index());
    let (mut converted, mut left) = (Vec::new(), files(fixture));
    for (number, bytes) in left.iter_mut().enumerate() {
        while loader.file_bytes(number).is_none() {
            let (first, rest) = bytes.split_at(piece.min(bytes.len()));
            loader.push(number, first)?;
            *bytes = rest;
        }
    }
    let promised = loader.converted_bytes();
    for (number, bytes) in left.into_iter().enumerate() {
        converted.extend(loader.take_converted());
        for piece in bytes.chunks(piece) {
            loader.push(number, piece)?;
            converted.extend(loader.take_converted());
        }
    }
    assert!(loader.take_converted().is_empty());
    Ok((converted, promised, loader.finish()?))
}

fn load(fixture: &Fixture, file: Option<&[u8]>, kind: HeadKind, choice: impl Into<Choice>) -> Result<Model> {
    let options = LoadOptions { precision: choice.into(), ..LoadOptions::default() };
    let index = if file.is_some() { Index::single_file() } else { fixture.index() };
    let mut loader = Model::load(config(fixture), kind, options, index);
    for (number, bytes) in file.map_or_else(|| files(fixture), |file| vec![file]).into_iter().enumerate() {
        loader.push(number, bytes)?;
    }
    loader.finish()
}

#[test]
fn what_is_kept_loads_to_the_bits_of_its_source_with_every_head() {
    let mut converted_some = 0;
    for fixture in Fixture::all() {
        for precision in [Precision::Fp16, Precision::Q8] {
            let name = format!("{} in {}", fixture.name, precision.name());
            let (file, promised, model) = convert(fixture, fixture.head(), precision, 1_021).expect("a load");
            assert!(bits(model) == bits(load(fixture, None, fixture.head(), precision).expect("a model")), "{name}");
            let Some(promised) = promised else {
                assert!(file.is_empty(), "{name}");
                continue;
            };
            assert_eq!(file.len() as u64, promised, "{name}");
            assert!(promised < files(fixture).iter().map(|file| file.len() as u64).sum(), "{name}");
            for &kind in HeadKind::ALL {
                let [before, after] = [None, Some(file.as_slice())].map(|file| load(fixture, file, kind, precision));
                match (before, after) {
                    (Ok(before), Ok(after)) => assert!(bits(before) == bits(after), "{name}, {}", kind.name()),
                    (before, after) => assert_eq!(before.err(), after.err(), "{name}, {}", kind.name()),
                }
            }
            converted_some += 1;
        }
    }
    assert!(converted_some > Fixture::all().len(), "{converted_some}");
}

#[test]
fn only_what_becomes_smaller_is_converted() {
    let promised = |name: &str, precision| {
        let fixture = Fixture::named(name);
        convert(fixture, fixture.head(), precision, usize::MAX).expect("a load").1
    };
    assert_eq!(promised("bert/sequence", Precision::Fp32), None);
    assert_eq!(promised("bert-f16/sequence", Precision::Fp16), None);
    assert_eq!(promised("bert-bf16/sequence", Precision::Fp16), None);
    let fixture = Fixture::named("bert/sequence");
    let (file, ..) = convert(fixture, fixture.head(), Precision::Q8, 7).expect("a load");
    let (tensors, source) = (read(&file), read(fixture.model));
    for (name, (dtype, shape, bytes)) in &tensors {
        let is_matrix = shape.len() == 2 && !name.contains("position") && !name.contains("token_type");
        match source.get(name) {
            None => assert!(name.ends_with("_scale") && *dtype == Dtype::F32, "{name}"),
            Some(_) if is_matrix => assert_eq!(*dtype, Dtype::I8, "{name}"),
            Some(tensor) => assert_eq!((dtype, shape, bytes), (&tensor.0, &tensor.1, &tensor.2), "{name}"),
        }
    }
    let model = load(fixture, Some(&file), fixture.head(), Choice::Auto).expect("a model");
    assert_eq!((model.precision, model.precision_reason), (Precision::Q8, Reason::File));
    // And converted once more, there is nothing to gain.
    let options = LoadOptions { convert: true, ..LoadOptions::default() };
    let mut again = Model::load(config(fixture), fixture.head(), options, Index::single_file());
    again.push(0, &file).expect("valid bytes");
    assert_eq!(again.converted_bytes(), None);
}

#[test]
fn shards_are_converted_one_after_the_other() {
    let fixture = Fixture::named("bert-shards/sequence");
    let whole = convert(fixture, fixture.head(), Precision::Q8, usize::MAX).expect("a load").0;
    for piece in [1, 500, 5_000] {
        assert!(convert(fixture, fixture.head(), Precision::Q8, piece).expect("a load").0 == whole, "{piece}");
    }
    let options = LoadOptions { precision: Precision::Q8.into(), convert: true, ..LoadOptions::default() };
    let mut loader = Model::load(config(fixture), fixture.head(), options, fixture.index());
    let shards = files(fixture);
    let mut left = shards.clone();
    for (number, bytes) in left.iter_mut().enumerate() {
        let header = 8 + u64::from_le_bytes(*bytes.first_chunk().expect("a length")) as usize;
        loader.push(number, &bytes[..header]).expect("a header");
        *bytes = &bytes[header..];
    }
    let error = loader.push(1, left[1]).expect_err("a file out of turn");
    assert!(matches!(&error, Error::Option { option, .. } if option == "convert"), "{error}");
}
