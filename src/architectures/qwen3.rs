//! Qwen3 (Yang et al., 2025): a decoder, whose last token has seen all others. Embedders, rerankers and classifiers are
//! made of it. `transformers`: `models/qwen3/modeling_qwen3.py`, and `GenericFor…` of `modeling_layers.py`.

use super::bert;
use super::heads::token::each_token;
use super::heads::{Bias, HeadTable, Heads, Reads, Stage, question_answering};
use super::words::{
    Architecture, AttentionTable, Body, ConfigKeys, EmbeddingTable, EncoderTable, Gate, LayerTable, ModelType, Norm,
    Norms, RelativePositions, RotaryTable, Scaling, Setting, WindowTable, WindowedLayers,
};
use crate::nn::Activation;

/// Question answering has a prefix of its own.
pub const QWEN3: Architecture = Architecture {
    model_types: &[ModelType { name: "qwen3", class: "Qwen3" }],
    prefixes: &["model", "transformer"],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 151_936),
        hidden_size: Setting::of("hidden_size", 4_096),
        layers: Setting::of("num_hidden_layers", 32),
        attention_heads: Setting::of("num_attention_heads", 32),
        kv_heads: Setting::of("num_key_value_heads", 32),
        head_size: Setting::of("head_dim", 128),
        intermediate_size: Setting::of("intermediate_size", 22_016),
        max_positions: Setting::of("max_position_embeddings", 32_768),
        type_vocab_size: Setting::fixed(0),
        pad_token_id: Setting::of("pad_token_id", None),
        activation: Setting::of("hidden_act", Activation::Silu),
        layer_norm_eps: Setting::of("rms_norm_eps", 1e-6),
        norm: Norm::Rms,
        ..bert::KEYS
    },
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable {
            word: "embed_tokens",
            position: None,
            token_type: None,
            norm: None,
            projection: None,
        },
        attention: AttentionTable {
            positions: RelativePositions::Rotary(RotaryTable {
                base: Setting::of("rope_theta", 10_000.0),
                local_base: None,
                share: Setting::fixed(1.0),
                interleaved: false,
                scaling: &[Scaling::Linear, Scaling::Yarn, Scaling::Llama3],
            }),
            causal: true,
            window: Some(WindowTable {
                width: Setting::of("sliding_window", 4_096),
                used: Setting::of("use_sliding_window", false),
                layers: WindowedLayers::From(Setting::of("max_window_layers", 28)),
            }),
        },
        layer: LayerTable {
            prefix: "layers.{i}.",
            qkv: &[&["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]],
            head_norms: Some(["self_attn.q_norm", "self_attn.k_norm"]),
            attention_output: "self_attn.o_proj",
            attention_bias: Setting::of("attention_bias", false),
            attention_norm: "input_layernorm",
            up: &[&["mlp.gate_proj", "mlp.up_proj"]],
            gate: Gate::First,
            up_bias: Setting::fixed(false),
            down: "mlp.down_proj",
            down_bias: Setting::fixed(false),
            output_norm: "post_attention_layernorm",
            norms: Norms::Before,
            ..bert::LAYER
        },
        convolution: None,
        final_norm: Some("norm"),
    }),
    heads: Heads {
        sequence: Some(&HeadTable { reads: Reads::LastToken, ..each_token(&[LAST_TOKEN]) }),
        token: Some(&each_token(&[EACH_TOKEN])),
        question_answering: Some(&question_answering::PAIR),
        multiple_choice: None,
        masked_lm: None,
    },
    ..bert::BERT
};

const LAST_TOKEN: Stage = Stage { bias: Bias::None, ..Stage::output("score") };

const EACH_TOKEN: Stage = Stage { bias: Bias::If("token_classification_bias", true), ..Stage::output("score") };
