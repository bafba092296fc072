//! Safetensors files: our reader against the `safetensors` crate, and damaged checkpoints each with
//! its error. Malformed files: `malformed.rs`.

use crate::common::Fixture;
use crate::common::tensors::{Random, Tensors, bits, saved, tensors};
use headwise::Error;
use headwise::internals::architectures::HeadKind;
use headwise::internals::kernels::Precision;
use headwise::internals::weights::{Entry, Header, HeaderReader, StoredType};
use safetensors::tensor::TensorView;
use safetensors::{Dtype as Stored, SafeTensors};

fn read(bytes: &[u8], chunk: usize) -> headwise::Result<Header> {
    let mut reader = HeaderReader::new("model.safetensors");
    for piece in bytes.chunks(chunk) {
        if let (Some(header), _) = reader.push(piece)? {
            return Ok(header);
        }
    }
    Err(reader.ended())
}

#[test]
fn headers_are_read_as_the_safetensors_crate_reads_them() {
    let mut random = Random(0x5eed);
    let types = [Stored::F32, Stored::F16, Stored::BF16, Stored::I64, Stored::U8];
    for _ in 0..200 {
        let tensors: Vec<(String, Stored, Vec<usize>)> = (0..random.below(9))
            .map(|index| {
                let shape = (0..random.below(4)).map(|_| random.below(6) as usize).collect();
                (format!("tensor.{index} \"é\""), types[random.below(5) as usize], shape)
            })
            .collect();
        let data = vec![0; 8 * 6 * 6 * 6];
        let views = tensors.iter().map(|(name, dtype, shape)| {
            let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
            (name, TensorView::new(*dtype, shape.clone(), &data[..bytes]).expect("a valid view"))
        });
        let metadata = (random.below(2) == 0).then(|| [("format".to_owned(), "pt".to_owned())].into());
        let bytes = safetensors::serialize(views, metadata).expect("a valid file");
        let ours = read(&bytes, 1 + random.below(40) as usize).expect("a valid header");
        assert_eq!(ours.file_bytes as usize, bytes.len());
        let (header_bytes, theirs) = SafeTensors::read_metadata(&bytes).expect("a valid header");
        assert_eq!(ours.entries.len(), theirs.tensors().len());
        assert_eq!(ours.file_bytes as usize - header_bytes - 8, theirs.data_len());
        for entry in &ours.entries {
            let info = theirs.info(&entry.name).expect("a known tensor");
            assert_eq!((entry.start as usize, entry.end as usize), info.data_offsets);
            assert_eq!((&entry.shape, entry.dtype.as_str()), (&info.shape, info.dtype.to_string().as_str()));
        }
    }
}

/// What our reader makes of a file: its tensors, if the header is in order and the file as long as it says.
fn ours(file: &[u8]) -> Option<Vec<(String, (usize, usize))>> {
    let header = read(file, usize::MAX).ok().filter(|header| header.file_bytes == file.len() as u64)?;
    let place = |entry: &Entry| (entry.name.clone(), (entry.start as usize, entry.end as usize));
    let mut tensors: Vec<_> = header.entries.iter().map(place).collect();
    tensors.sort();
    Some(tensors)
}

/// The same of the crate.
fn theirs(file: &[u8]) -> Option<Vec<(String, (usize, usize))>> {
    let (_, metadata) = SafeTensors::read_metadata(file).ok()?;
    let mut tensors: Vec<_> = metadata.tensors().into_iter().map(|(name, info)| (name, info.data_offsets)).collect();
    tensors.sort();
    Some(tensors)
}

fn with_header(header: &[u8], data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header, &vec![0; data]].concat()
}

#[test]
fn odd_headers_are_taken_and_refused_as_by_the_safetensors_crate() {
    const GOOD: &str = r#"{"__metadata__":{"format":"pt","n":"1"},"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},"b":{"dtype":"F4","shape":[6],"data_offsets":[12,15]},"c":{"dtype":"BOOL","shape":[],"data_offsets":[15,16]}}"#;
    let (mut taken, mut refused) = (0, 0);
    let mut compare = |header: &[u8]| {
        let file = with_header(header, 16);
        let (ours, theirs) = (ours(&file), theirs(&file));
        let twice = read(&file, 7).is_err_and(|error| error.to_string().contains("stands twice"));
        // The format forbids to name a tensor twice; the crate keeps one of them.
        assert!(ours == theirs || (twice && ours.is_none()), "{}", String::from_utf8_lossy(header));
        if ours.is_some() { taken += 1 } else { refused += 1 }
    };
    for space in [" ", "\n\t \r", "\u{b}", "\u{a0}", "\u{feff}", "\0", "//"] {
        compare(format!("{space}{GOOD}").as_bytes());
        compare(format!("{GOOD}{space}").as_bytes());
        compare(GOOD.replace(':', &format!("{space}:{space}")).as_bytes());
    }
    // A length of 0x3C, which is '<'.
    compare(br#"{"a":{"dtype":"U8","shape":[16],"data_offsets":[0,16]}}     "#);
    for metadata in ["null", "{}", "[]", "1", r#""pt""#, r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":"1","a":"2"}"#, "{1:2}"]
    {
        compare(GOOD.replace(r#"{"format":"pt","n":"1"}"#, metadata).as_bytes());
    }
    for dtype in [
        "F6_E2M3",
        "F6_E3M2",
        "U8",
        "I8",
        "F8_E5M2",
        "F8_E4M3",
        "F8_E8M0",
        "F8_E4M3FNUZ",
        "F8_E5M2FNUZ",
        "I16",
        "U16",
        "BF16",
        "I32",
        "U32",
        "F32",
        "C64",
        "F64",
        "I64",
        "U64",
        "f16",
        "F128",
        "",
    ] {
        for shape in ["2,3", "3", "4", "8", "1", "12", "2", "0"] {
            compare(GOOD.replace("F16", dtype).replace("2,3", shape).as_bytes());
        }
    }
    let mut random = Random(0x5eed);
    let letters = br#"{}[]":,0123456789-.eabFnul_ \"#;
    for _ in 0..20_000 {
        let mut header = GOOD.as_bytes().to_vec();
        for _ in 0..1 + random.below(2) {
            let place = random.below(header.len() as u64) as usize;
            let letter = letters[random.below(letters.len() as u64) as usize];
            match random.below(3) {
                0 => header[place] = letter,
                1 => header.insert(place, letter),
                _ => drop(header.remove(place)),
            }
        }
        compare(&header);
    }
    assert!(taken > 500 && refused > 5_000, "{taken} {refused}");
}

#[test]
fn numbers_of_every_type_are_those_that_python_makes_of_them() {
    let of = |dtype: StoredType, bytes: &[u8]| {
        let mut numbers = vec![f32::NAN; bytes.len() / dtype.bytes()];
        dtype.widen(bytes, &mut numbers);
        numbers
    };
    for (dtype, stored, expected) in [
        (StoredType::F64, 0.1_f64.to_le_bytes().to_vec(), 0.1),
        (StoredType::F64, 1e300_f64.to_le_bytes().to_vec(), f32::INFINITY),
        (StoredType::F64, (-1e-46_f64).to_le_bytes().to_vec(), -0.0),
        (StoredType::F64, 16_777_217_f64.to_le_bytes().to_vec(), 16_777_216.0),
        (StoredType::I64, i64::MIN.to_le_bytes().to_vec(), -9_223_372_036_854_775_808.0),
        (StoredType::I64, 16_777_219_i64.to_le_bytes().to_vec(), 16_777_220.0),
        (StoredType::I32, (-16_777_217_i32).to_le_bytes().to_vec(), -16_777_216.0),
        (StoredType::I16, (-3_i16).to_le_bytes().to_vec(), -3.0),
        (StoredType::U64, u64::MAX.to_le_bytes().to_vec(), 18_446_744_073_709_551_615.0),
        (StoredType::U32, u32::MAX.to_le_bytes().to_vec(), 4_294_967_295.0),
        (StoredType::U16, u16::MAX.to_le_bytes().to_vec(), 65_535.0),
        (StoredType::U8, vec![255], 255.0),
        (StoredType::I8, vec![255], -1.0),
        (StoredType::Bool, vec![0], 0.0),
        (StoredType::Bool, vec![1], 1.0),
        (StoredType::Bool, vec![2], 1.0),
    ] {
        assert_eq!(of(dtype, &stored)[0].to_bits(), f32::to_bits(expected), "{} {stored:?}", dtype.name());
    }
    for byte in 0..=u8::MAX {
        assert_same(of(StoredType::F8E5M2, &[byte])[0], half_by_definition(u16::from(byte) << 8, 5));
        // Four bits of exponent, and what would be infinities are numbers but for the last.
        let (exponent, fraction) = (i32::from(byte >> 3 & 15), f64::from(byte & 7) / 8.0);
        let magnitude = match exponent {
            0 => fraction * 2_f64.powi(-6),
            _ if byte & 0x7f == 0x7f => f64::NAN,
            _ => (1.0 + fraction) * 2_f64.powi(exponent - 7),
        };
        assert_same(of(StoredType::F8E4M3, &[byte])[0], (if byte >> 7 == 1 { -magnitude } else { magnitude }) as f32);
    }
}

#[test]
fn whole_numbers_without_scales_are_weights_unless_the_model_is_quantised() {
    let fixture = Fixture::named("bert/sequence");
    let name = "bert.encoder.layer.1.attention.self.key.weight";
    let mut weights = tensors(fixture);
    let cells: Vec<i8> = (0..18 * 18).map(|i| (i % 7) as i8 - 3).collect();
    let wide = cells.iter().flat_map(|&cell| f32::from(cell).to_le_bytes()).collect();
    weights.insert(name.into(), (Stored::F32, vec![18, 18], wide));
    let load = |config: &[u8], weights: &Tensors| {
        crate::common::load(config, &saved(weights), HeadKind::Sequence, Precision::Fp32, 4_096)
    };
    let expected = load(fixture.config, &weights).expect("a model");
    weights.insert(name.into(), (Stored::I8, vec![18, 18], cells.iter().map(|&cell| cell as u8).collect()));
    let whole = load(fixture.config, &weights).expect("a model");
    assert!(whole.warnings().iter().any(|warning| warning.contains(name)), "{:?}", whole.warnings());
    assert!(bits(whole) == bits(expected));

    let mut config: serde_json::Map<_, _> = serde_json::from_slice(fixture.config).expect("JSON");
    config.insert("quantization_config".into(), headwise::internals::models::int8_per_channel(&["Linear".into()]));
    let error = load(serde_json::Value::from(config).to_string().as_bytes(), &weights).expect_err("no scales");
    assert_eq!(error, Error::MissingTensors { missing: vec![format!("{name}_scale")] });
}

#[test]
fn missing_tensors_are_counted_and_named_as_in_the_file() {
    let fixture = Fixture::named("bert/sequence");
    let mut weights = tensors(fixture);
    weights.retain(|name, _| !name.contains("layer.1.") && !name.starts_with("bert.pooler"));
    let bare = weights.into_iter().map(|(name, tensor)| (name.trim_start_matches("bert.").to_owned(), tensor));
    let error =
        crate::common::load(fixture.config, &saved(&bare.collect()), HeadKind::Sequence, Precision::Fp32, 4_096);
    let error = error.expect_err("a layer is missing");
    let message = error.to_string();
    assert!(message.contains("encoder: encoder.layer.1.intermediate.dense.weight, "), "{message}");
    assert!(message.ends_with(" and 11 more."), "{message}");
    let Error::MissingTensors { missing } = error else { panic!("{message}") };
    assert_eq!(missing.len(), 16);
    assert!(missing.iter().all(|name| name.starts_with("encoder.layer.1.")), "{missing:?}");
}

#[test]
fn damaged_checkpoints_are_refused_by_name() {
    let fixture = Fixture::named("bert/sequence");
    let load =
        |weights: &[u8]| crate::common::load(fixture.config, weights, HeadKind::Sequence, Precision::Fp32, 4_096);
    let error = |weights: &[u8]| load(weights).expect_err("a damaged checkpoint");

    let mut without_head = tensors(fixture);
    without_head.retain(|name, _| !name.starts_with("classifier") && !name.contains("pooler"));
    let head = ["bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"];
    let missing = head.map(str::to_owned).to_vec();
    assert_eq!(error(&saved(&without_head)), Error::MissingHead { head: "sequence".into(), missing });
    crate::common::load(fixture.config, &saved(&without_head), HeadKind::Base, Precision::Fp32, 4_096)
        .expect("the bare encoder");

    let mut without_layer = tensors(fixture);
    let gone = "bert.encoder.layer.1.attention.self.key.weight".to_owned();
    without_layer.remove(&gone);
    assert_eq!(error(&saved(&without_layer)), Error::MissingTensors { missing: vec![gone.clone()] });

    let mut transposed = tensors(fixture);
    let up = "bert.encoder.layer.0.intermediate.dense.weight".to_owned();
    transposed.get_mut(&up).expect("the tensor").1.reverse();
    let shapes = (vec![22, 18], vec![18, 22]);
    assert_eq!(error(&saved(&transposed)), Error::Shape { tensor: up, expected: shapes.0, got: shapes.1 });

    let mut complex = tensors(fixture);
    complex.insert(gone.clone(), (Stored::C64, vec![18, 18], vec![0; 18 * 18 * 8]));
    let Error::Dtype { tensor, dtype, .. } = error(&saved(&complex)) else { panic!("a dtype error") };
    assert_eq!((tensor, dtype.as_str()), (gone, "C64"));

    let mut one_label_more = tensors(fixture);
    one_label_more.insert("classifier.weight".into(), (Stored::F32, vec![6, 18], vec![0; 6 * 18 * 4]));
    let Error::Config { field, value, supported, .. } = error(&saved(&one_label_more)) else {
        panic!("a config error")
    };
    assert_eq!((field.as_str(), value.as_str()), ("id2label", "5 labels"));
    assert_eq!(supported, "6 labels, the rows of classifier.weight");

    let whole = fixture.model;
    let expected = whole.len() as u64;
    let cut = Error::Incomplete { file: "model.safetensors".into(), expected, got: expected - 1 };
    assert_eq!(error(&whole[..whole.len() - 1]), cut);
    let Error::Incomplete { got, .. } = error(&[whole, b"x"].concat()) else { panic!("too long") };
    assert_eq!(got, expected + 1);
}

#[test]
fn tensors_that_are_not_needed_are_told_apart() {
    let fixture = Fixture::named("bert/base");
    let mut weights = tensors(fixture);
    let number = || (Stored::F32, vec![1], vec![0; 4]);
    for name in ["embeddings.position_ids", "cls.predictions.bias", "qa_outputs.bias", "adapter.weight"] {
        weights.insert(name.into(), number());
    }
    let model = crate::common::load(fixture.config, &saved(&weights), HeadKind::Base, Precision::Fp32, 4_096)
        .expect("a loadable model");
    assert_eq!(model.usage.unexpected, ["adapter.weight"]);
    for name in ["embeddings.position_ids", "cls.predictions.bias", "qa_outputs.bias"] {
        assert!(model.usage.ignored.iter().any(|ignored| ignored == name), "{name}");
    }
}

#[test]
fn every_half_is_widened_exactly() {
    for bits in 0..=u16::MAX {
        let mut number = [0.0];
        StoredType::F16.widen(&bits.to_le_bytes(), &mut number);
        assert_same(number[0], half_by_definition(bits, 5));
        StoredType::Bf16.widen(&bits.to_le_bytes(), &mut number);
        assert_same(number[0], half_by_definition(bits, 8));
    }
}

fn assert_same(a: f32, b: f32) {
    assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()), "{a:e} {b:e}");
}

/// IEEE 754's definition of a 16-bit number with that many exponent bits.
fn half_by_definition(bits: u16, exponent_bits: i32) -> f32 {
    let fraction_bits = 15 - exponent_bits;
    let bias = (1 << (exponent_bits - 1)) - 1;
    let fraction = f64::from(bits & ((1 << fraction_bits) - 1)) / f64::from(1_u32 << fraction_bits);
    let exponent = i32::from((bits >> fraction_bits) & ((1 << exponent_bits) - 1));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(1 - bias),
        _ if exponent == (1 << exponent_bits) - 1 => {
            if fraction == 0.0 {
                f64::INFINITY
            } else {
                f64::NAN
            }
        }
        _ => (1.0 + fraction) * 2_f64.powi(exponent - bias),
    };
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    (sign * magnitude) as f32
}
