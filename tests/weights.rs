//! Safetensors files: our reader against the `safetensors` crate, and malformed files each
//! with its error.

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

/// A file with this JSON as its header and `data` zeros behind it.
fn file(json: &str, data: usize) -> Vec<u8> {
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
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
fn malformed_headers_are_refused_with_a_reason() {
    let f32_at = |name: &str, shape: &str, start: u64, end: u64| {
        format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
    };
    let many: Vec<String> = (0..16_385).map(|index| f32_at(&format!("t{index}"), "[0]", 0, 0)).collect();
    let huge_length = [&(9_u64 << 20).to_le_bytes()[..], b"{}"].concat();
    let cases: &[(Vec<u8>, &str)] = &[
        (b"".to_vec(), "ends after 0 bytes"),
        (b"\x02\0\0\0\0\0\0".to_vec(), "ends after 7 bytes"),
        (file("{}", 0)[..9].to_vec(), "ends after 9 bytes"),
        (huge_length, "more than 8388608"),
        (b"<!doctype html><title>404</title>".to_vec(), "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1".to_vec(), "Git LFS pointer"),
        (b"PK\x03\x04\x14\x00\x00\x08 archive".to_vec(), "PyTorch archive"),
        (file("[]", 0), "does not begin with '{'"),
        (file(" {}", 0), "does not begin with '{'"),
        (file(r#"{"a":1}"#, 0), "invalid type"),
        (file(r#"{"a":{"dtype":"F32","shape":[1]}}"#, 4), "missing field `data_offsets`"),
        (file(r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4), "invalid value"),
        (file(&format!("{{{},{}}}", f32_at("a", "[1]", 0, 4), f32_at("a", "[1]", 4, 8)), 8), "a stands twice"),
        (file(&format!("{{{}", f32_at("a", "[1]", 0, 4)), 4), "EOF"),
        (file(&format!("{{{}}} x", f32_at("a", "[1]", 0, 4)), 4), "trailing characters"),
        (file(&format!("{{{}}}", f32_at("a", "[2]", 0, 4)), 4), "takes 8 bytes, not 4"),
        (file(&format!("{{{}}}", f32_at("a", "[1]", 4, 8)), 8), "expected to begin at 0"),
        (file(&format!("{{{}}}", f32_at("a", "[1]", 4, 0)), 8), "expected to begin at 0"),
        (file(&format!("{{{},{}}}", f32_at("a", "[1]", 0, 4), f32_at("b", "[1]", 2, 6)), 6), "expected to begin at 4"),
        (
            file(&format!("{{{},{}}}", f32_at("a", "[1]", 0, 4), f32_at("b", "[1]", 8, 12)), 12),
            "expected to begin at 4",
        ),
        (file(&format!("{{{}}}", f32_at("a", "[4294967296,4294967296]", 0, 4)), 4), "overflows"),
        (file(&format!("{{{}}}", many.join(",")), 0), "more than 16384 tensors"),
        (file("{\"\u{0}\":0}", 0), "control character"),
    ];
    for (bytes, reason) in cases {
        match read(bytes, usize::MAX) {
            Err(Error::Safetensors { reason: given, .. }) => {
                assert!(given.contains(reason), "{given:?}, not {reason:?}")
            }
            other => panic!("{reason}: {other:?}"),
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
