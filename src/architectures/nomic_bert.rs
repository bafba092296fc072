//! NomicBERT (Nussbaum et al., 2024): BERT with rotary positions, gated linear units and hardly a bias, for texts of
//! 8,192 tokens. `transformers`: `models/nomic_bert/modeling_nomic_bert.py`; configurations are published in the
//! spelling of GPT-2.

use super::bert;
use super::heads::token::each_token;
use super::heads::{Applied, Bias, HeadTable, Heads, Stage};
use super::words::{
    Architecture, AttentionTable, Body, ConfigKeys, EmbeddingTable, EncoderTable, Gate, LayerTable, ModelType,
    RelativePositions, RotaryTable, Scaling, Setting,
};
use crate::nn::Activation;

/// Tensors are published under names of their own; `transformers` 5 has others in memory, and may save those.
pub const NOMIC_BERT: Architecture = Architecture {
    model_types: &[ModelType { name: "nomic_bert", class: "NomicBert" }],
    prefixes: &["nomic_bert", "bert"],
    aliases: &[
        ("layers", "encoder.layers"),
        ("embeddings.LayerNorm", "emb_ln"),
        ("self_attn.o_proj", "attn.out_proj"),
        ("self_attn", "attn"),
        ("mlp.up_proj", "mlp.fc11"),
        ("mlp.gate_proj", "mlp.fc12"),
        ("mlp.down_proj", "mlp.fc2"),
        ("post_attention_layernorm", "norm1"),
        ("post_mlp_layernorm", "norm2"),
    ],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 30_528),
        hidden_size: Setting::of("hidden_size", 768).or(&["n_embd"]),
        layers: Setting::of("num_hidden_layers", 12).or(&["n_layer"]),
        attention_heads: Setting::of("num_attention_heads", 12).or(&["n_head"]),
        head_size: Setting::of("head_dim", 0),
        intermediate_size: Setting::of("intermediate_size", 3_072).or(&["n_inner"]),
        max_positions: Setting::of("max_position_embeddings", 2_048).or(&["n_positions"]),
        activation: Setting::of("hidden_act", Activation::Silu),
        layer_norm_eps: Setting::of("layer_norm_eps", 1e-12).or(&["layer_norm_epsilon"]),
        ..bert::KEYS
    },
    refusals: &[
        ("activation_function", &["\"swiglu\""]),
        ("causal", &["false"]),
        ("mlp_fc1_bias", &["false"]),
        ("mlp_fc2_bias", &["false"]),
        ("moe_every_n_layers", &["0"]),
        ("num_experts", &["0"]),
        ("parallel_block", &["false"]),
        ("prenorm", &["false"]),
        ("qkv_proj_bias", &["false"]),
        ("rotary_emb_fraction", &["1.0", "1"]),
        ("rotary_emb_interleaved", &["false"]),
        ("rotary_emb_scale_base", &[]),
        ("rotary_scaling_factor", &[]),
        ("scale_attn_by_inverse_layer_idx", &["false"]),
        ("scale_attn_weights", &["true"]),
        ("use_rms_norm", &["false"]),
    ],
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable { position: None, norm: Some("emb_ln"), ..bert::EMBEDDINGS },
        attention: AttentionTable {
            positions: RelativePositions::Rotary(RotaryTable {
                base: Setting::of("rope_theta", 1_000.0).or(&["rotary_emb_base"]),
                local_base: None,
                share: Setting::fixed(1.0),
                interleaved: false,
                scaling: &[Scaling::Linear, Scaling::Yarn, Scaling::Llama3],
            }),
            ..bert::ATTENTION
        },
        layer: LayerTable {
            prefix: "encoder.layers.{i}.",
            qkv: &[&["attn.Wqkv"], &["attn.q_proj", "attn.k_proj", "attn.v_proj"]],
            attention_output: "attn.out_proj",
            attention_bias: Setting::fixed(false),
            attention_norm: "norm1",
            up: &[&["mlp.fc11", "mlp.fc12"]],
            gate: Gate::Second,
            up_bias: Setting::fixed(false),
            down: "mlp.fc2",
            down_bias: Setting::fixed(false),
            output_norm: "norm2",
            ..bert::LAYER
        },
        ..bert::ENCODER
    }),
    heads: Heads { masked_lm: Some(&MASKED_LM), question_answering: None, multiple_choice: None, ..bert::HEADS },
};

/// As BERT's, with another name for the normalisation.
const MASKED_LM: HeadTable = each_token(&[
    Stage::dense("cls.predictions.transform.dense")
        .then(Applied::OfEncoder)
        .normalised("cls.predictions.transform.layer_norm"),
    Stage::decoder("cls.predictions.decoder", Bias::OrAt("cls.predictions.bias")),
]);
