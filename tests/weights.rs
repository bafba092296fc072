//! Safetensors files: our reader against the `safetensors` crate, and damaged checkpoints each with
//! its error. Malformed files: `malformed.rs`.

mod common;

use common::Fixture;
use common::tensors::{Random, saved, tensors};
use headwise::Error;
use headwise::kernels::Precision;
use headwise::models::HeadKind;
use headwise::weights::{Dtype, Header, HeaderReader};
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

#[test]
fn damaged_checkpoints_are_refused_by_name() {
    let fixture = Fixture::named("bert/sequence");
    let load = |weights: &[u8]| common::load(fixture.config, weights, HeadKind::Sequence, Precision::Fp32, 4_096);
    let error = |weights: &[u8]| load(weights).expect_err("a damaged checkpoint");

    let mut without_head = tensors(fixture);
    without_head.retain(|name, _| !name.starts_with("classifier") && !name.contains("pooler"));
    let head = ["bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"];
    let missing = head.map(str::to_owned).to_vec();
    assert_eq!(error(&saved(&without_head)), Error::MissingHead { head: "sequence".into(), missing });
    common::load(fixture.config, &saved(&without_head), HeadKind::Base, Precision::Fp32, 4_096)
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

    let mut integers = tensors(fixture);
    integers.get_mut(&gone).expect("the tensor").0 = Stored::I32;
    let Error::Dtype { tensor, dtype, .. } = error(&saved(&integers)) else { panic!("a dtype error") };
    assert_eq!((tensor, dtype.as_str()), (gone, "I32"));

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
    let model = common::load(fixture.config, &saved(&weights), HeadKind::Base, Precision::Fp32, 4_096)
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
        Dtype::F16.widen(&bits.to_le_bytes(), &mut number);
        assert_same(number[0], half_by_definition(bits, 5));
        Dtype::Bf16.widen(&bits.to_le_bytes(), &mut number);
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
