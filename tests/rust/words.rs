//! The words of architectures that no published fixture tells apart: made models, whose tables say the same otherwise,
//! with the tensors of a fixture in another order.

use headwise::internals::architectures::words::{
    Architecture, AttentionTable, Body, EncoderTable, Gate, LayerTable, Names, QkvOrder, RelativePositions,
    RotaryTable, Setting,
};
use headwise::internals::models::Config;
use headwise::internals::text::Rows;
use safetensors::SafeTensors;

use crate::common::tensors::{Tensors, saved, tensors};
use crate::common::{Fixture, load_with};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What a fixture's model computes if its table and its tensors are changed.
fn outputs(fixture: &str, rows: &Rows, change: impl FnOnce(&mut EncoderTable, &mut Tensors)) -> Vec<f32> {
    computed(Fixture::named(fixture), rows, change)
}

fn computed(fixture: &Fixture, rows: &Rows, change: impl FnOnce(&mut EncoderTable, &mut Tensors)) -> Vec<f32> {
    let mut config = Config::parse(fixture.config).expect("a valid config");
    let Body::Encoder(table) = config.architecture.body else { panic!("{} is no encoder", fixture.name) };
    let (mut table, mut tensors) = (*table, tensors(fixture));
    change(&mut table, &mut tensors);
    let body = Body::Encoder(Box::leak(Box::new(table)));
    config.architecture = Box::leak(Box::new(Architecture { body, ..*config.architecture }));
    let model = load_with(config, &saved(&tensors), fixture.head()).expect("a loadable model");
    assert!(model.usage.unexpected.is_empty(), "{:?}", model.usage.unexpected);
    let output = model.forward(&rows.to_batch().expect("rows that fit")).expect("outputs");
    output.flatten_all().and_then(|x| x.to_vec1()).expect("numbers")
}

/// Gives the rows of some tensors, one after the other, to a single one in another order, or in their own to several.
fn regroup(tensors: &mut Tensors, layer: &str, from: &[&str], to: &[&str], order: impl Fn(usize) -> usize) {
    for end in ["weight", "bias"] {
        let full = |name: &str| format!("{layer}{name}.{end}");
        let taken: Vec<_> = from.iter().filter_map(|name| tensors.remove(&full(name))).collect();
        let Some((dtype, shape, _)) = taken.first().cloned() else { continue };
        let rows: usize = taken.iter().map(|(_, shape, _)| shape[0]).sum();
        let bytes: Vec<u8> = taken.iter().flat_map(|(.., bytes)| bytes).copied().collect();
        let row_of = |row: usize| &bytes[bytes.len() / rows * row..][..bytes.len() / rows];
        let count = rows / to.len();
        for (index, name) in to.iter().enumerate() {
            let shape = [&[count], &shape[1..]].concat();
            let bytes = (index * count..(index + 1) * count).flat_map(|row| row_of(order(row)).to_vec()).collect();
            tensors.insert(full(name), (dtype, shape, bytes));
        }
    }
}

/// Which row of all queries, keys and values stands at a place where each key's are together.
fn per_head(size: usize, group: usize, groups: usize) -> impl Fn(usize) -> usize {
    move |place| {
        let (at, within) = (place / (size * (group + 2)), place % (size * (group + 2)));
        match within / size {
            query if query < group => (at * group + query) * size + within % size,
            kind => (kind * groups + at) * size + within % size,
        }
    }
}

#[test]
fn queries_keys_and_values_may_be_in_one_tensor_in_any_order() {
    const APART: &[&str] = &["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
    const FUSED: Names = &[&["attn.none"], &["attn.fused"]];
    // With biases; with three queries to a key.
    for (fixture, [size, group, groups]) in [("qwen3-null/token", [10, 1, 6]), ("qwen3/base", [10, 3, 2])] {
        let rows = Fixture::named(fixture).rows();
        let expected = outputs(fixture, &rows, |_, _| ());
        let prefix = if fixture.ends_with("base") { "" } else { "model." };
        for qkv_order in [QkvOrder::Blocks, QkvOrder::PerHead] {
            let fused = outputs(fixture, &rows, |table, tensors| {
                table.layer = LayerTable { qkv: FUSED, qkv_order, ..table.layer };
                let layer = format!("{prefix}layers.0.");
                match qkv_order {
                    QkvOrder::Blocks => regroup(tensors, &layer, APART, &["attn.fused"], |row| row),
                    QkvOrder::PerHead => {
                        regroup(tensors, &layer, APART, &["attn.fused"], per_head(size, group, groups));
                    }
                }
            });
            assert_eq!(fused, expected, "{fixture}, {qkv_order:?}");
        }
    }
}

#[test]
fn a_gate_may_be_either_half_or_a_tensor_of_its_own() {
    let rows = Fixture::named("gte/base").rows();
    let expected = outputs("gte/base", &rows, |_, _| ());
    let cases: [(Gate, Names, usize); 3] = [
        (Gate::First, &[&["mlp.both"]], 22),
        (Gate::First, &[&["mlp.gate", "mlp.other"]], 22),
        (Gate::Second, &[&["mlp.other", "mlp.gate"]], 0),
    ];
    for (gate, up, moved) in cases {
        let made = outputs("gte/base", &rows, |table, tensors| {
            table.layer = LayerTable { gate, up, ..table.layer };
            for layer in ["encoder.layer.0.", "encoder.layer.1."] {
                regroup(tensors, layer, &["mlp.up_gate_proj"], up[0], |row| (row + moved) % 44);
            }
        });
        assert_eq!(made, expected, "{gate:?} of {up:?}");
    }
}

#[test]
fn neighbours_may_turn_together() {
    let rows = Fixture::named("gte/base").rows();
    let expected = outputs("gte/base", &rows, |_, _| ());
    let made = outputs("gte/base", &rows, |table, tensors| {
        let RelativePositions::Rotary(rotary) = table.attention.positions else { panic!("it does not turn") };
        let positions = RelativePositions::Rotary(RotaryTable { interleaved: true, ..rotary });
        table.attention = AttentionTable { positions, ..table.attention };
        // Of 3 heads of 6 numbers, those of queries and keys.
        let order = |row: usize| if row < 36 { row / 6 * 6 + row % 2 * 3 + row % 6 / 2 } else { row };
        for layer in ["encoder.layer.0.", "encoder.layer.1."] {
            regroup(tensors, layer, &["attention.qkv_proj"], &["attention.qkv_proj"], order);
        }
    });
    // The products are summed up in another order.
    let difference = made.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(difference < 5e-6, "{difference:e}");
}

/// Python's answer is that of a model all of whose planes turn, one of them by nothing.
#[test]
fn a_share_of_a_head_may_turn() {
    let fixture = Fixture::made("gte-share/base");
    let made = computed(&fixture, &fixture.rows(), |table, _| {
        let RelativePositions::Rotary(rotary) = table.attention.positions else { panic!("it does not turn") };
        // 4 of 6 numbers.
        let positions = RelativePositions::Rotary(RotaryTable { share: Setting::fixed(0.7), ..rotary });
        table.attention = AttentionTable { positions, ..table.attention };
    });
    let stored = SafeTensors::deserialize(fixture.file("expected.safetensors")).expect("expected outputs");
    let expected = stored.tensor("last_hidden_state").expect("an output");
    let expected: Vec<f32> = expected.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let ours = fixture.rows().unflatten(&made, 18);
    assert_eq!(ours.len(), expected.len());
    let difference = ours.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(difference < 2e-5, "{difference:e}");
}

#[test]
fn alibi_is_a_bias_that_falls_with_the_distance() {
    // As far as MPNet's buckets are distances.
    let rows = Rows {
        input_ids: vec![vec![0, 9, 31, 7, 44, 12, 58, 2], vec![0, 23, 2, 6, 5, 40, 41, 2]],
        attention_mask: None,
        token_type_ids: None,
        choices: 1,
    };
    const TABLE: &str = "encoder.relative_attention_bias.weight";
    let shared = outputs("mpnet/base", &rows, |_, tensors| {
        let (_, shape, bytes) = tensors.get_mut(TABLE).expect("the table");
        let numbers = (0..shape[0]).flat_map(|bucket| [1.0 / 16.0, 1.0 / 256.0, 0.25].map(|slope| (bucket, slope)));
        let numbers = numbers.map(|(bucket, slope): (usize, f32)| -slope * (bucket % 16) as f32);
        *bytes = numbers.flat_map(f32::to_le_bytes).collect();
    });
    let alibi = outputs("mpnet/base", &rows, |table, tensors| {
        table.attention = AttentionTable { positions: RelativePositions::Alibi, ..table.attention };
        tensors.remove(TABLE);
    });
    assert_eq!(alibi, shared);
}
