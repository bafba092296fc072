//! An encoder and a decoder that reads it, as BART has them. Token ids go in twice, and one
//! hidden vector per token comes out of the decoder.

use candle_core::Tensor;

use super::config::Config;
use super::fields::invalid;
use super::layer::{Tokens, one_of_each};
use super::trace::{Stack, Trace};
use super::word_embeddings::WordEmbeddings;
use crate::architectures::words::Setting;
use crate::error::Result;
use crate::kernels::attention::{Attention, AttentionMask, Sequence};
use crate::limits;
use crate::nn::{Attend, Embedding, Linear, Norm, attention_between, scaled, self_attention, sum_of_embeddings};
use crate::text::Batch;
use crate::weights::{Declarations, Names};

/// Rows of the position tables before the first position.
const OFFSET: usize = 2;

/// A bare encoder and decoder (`BartModel`).
#[derive(Debug)]
pub struct EncoderDecoder {
    /// What word embeddings are multiplied with, if they are.
    word_scale: Option<f32>,
    start: u32,
    encoder: Side,
    decoder: Side,
}

/// The encoder or the decoder.
#[derive(Debug)]
struct Side {
    words: Embedding,
    positions: Embedding,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
}

/// A layer; only the decoder's have attention to the encoder.
#[derive(Debug)]
struct Layer {
    qkv: Linear,
    attention: Residual,
    cross: Option<(Linear, Linear, Residual)>,
    up: Linear,
    feed_forward: Residual,
}

/// A linear layer whose result is added to what went before and normalised.
#[derive(Debug)]
struct Residual {
    linear: Linear,
    norm: Norm,
}

impl EncoderDecoder {
    /// Declares all tensors.
    ///
    /// # Errors
    /// [`crate::Error::Config`].
    pub fn declare(
        needs: &mut Declarations,
        names: &Names,
        config: &Config,
        words: &mut WordEmbeddings,
    ) -> Result<Self> {
        let fields = &config.fields;
        let number = |key, default, least, most| fields.number(Setting::of(key, default), least, most);
        let decoder_layers = number("decoder_layers", 12, 0, limits::LAYERS)?;
        let decoder_heads = number("decoder_attention_heads", 16, 1, limits::HIDDEN_SIZE)?;
        if !config.hidden_size.is_multiple_of(decoder_heads) {
            let supported = format!("a divisor of the hidden size {}", config.hidden_size);
            return Err(invalid("decoder_attention_heads", fields.get("decoder_attention_heads"), &supported));
        }
        let decoder_width = number("decoder_ffn_dim", 4_096, 1, limits::INTERMEDIATE_SIZE)?;
        let start = number("decoder_start_token_id", 2, 0, config.vocab_size - 1)? as u32;
        let is_scaled = fields.flag(Setting::of("scale_embedding", false))?;
        let mut side = |side, sizes| Side::declare(needs, names, config, side, sizes, words);
        Ok(EncoderDecoder {
            word_scale: is_scaled.then(|| (config.hidden_size as f64).sqrt() as f32),
            start,
            encoder: side("encoder", [config.layers, config.attention_heads, config.intermediate_size]),
            decoder: side("decoder", [decoder_layers, decoder_heads, decoder_width]),
        })
    }

    /// The encoder's output for every token: `[tokens, hidden]`.
    pub fn encode(&self, batch: &Batch, trace: &mut Trace) -> Result<Tensor> {
        let mut x = self.encoder.embed(self, &batch.input_ids, batch)?;
        let attend = self.encoder.attend();
        for layer in &self.encoder.layers {
            trace.hidden_state(Stack::Encoder, &x);
            let mixed = trace.attention(Stack::Encoder, |probabilities| {
                self_attention(&layer.qkv.forward(&x)?, &attend, &batch.sequences, probabilities)
            })?;
            x = layer.attention.forward(&mixed, &x)?;
            x = layer.feed_forward(&x)?;
        }
        trace.hidden_state(Stack::Encoder, &x);
        Ok(x)
    }

    /// The decoder's output for the wanted tokens, with what [`EncoderDecoder::encode`] gave for the
    /// batch. Its input is the text, one place later.
    pub fn decode(&self, encoded: &Tensor, batch: &Batch, wanted: Tokens<'_>, trace: &mut Trace) -> Result<Tensor> {
        let mut x = self.decoder.embed(self, &self.shifted(batch), batch)?;
        let narrow = self.decoder.layers.len().checked_sub(1).filter(|_| !trace.wants_anything());
        for (index, layer) in self.decoder.layers.iter().enumerate() {
            trace.hidden_state(Stack::Decoder, &x);
            let tokens = if narrow == Some(index) { wanted } else { Tokens::All };
            x = self.decode_layer(layer, &x, encoded, batch, tokens, trace)?;
        }
        trace.hidden_state(Stack::Decoder, &x);
        if narrow.is_some() { Ok(x) } else { wanted.select(&x, batch) }
    }

    fn decode_layer(
        &self,
        layer: &Layer,
        x: &Tensor,
        encoded: &Tensor,
        batch: &Batch,
        wanted: Tokens<'_>,
        trace: &mut Trace,
    ) -> Result<Tensor> {
        let queries = queries(batch, wanted);
        let plain = self.decoder.attend();
        let causal = Attend { attention: Attention { mask: AttentionMask::CAUSAL, ..plain.attention }, ..plain };
        let asked = wanted.select(x, batch)?;
        let mixed = trace.attention(Stack::Decoder, |probabilities| {
            let [q, kv] = [layer.qkv.forward_parts(&asked, 0..1)?, layer.qkv.forward_parts(x, 1..3)?];
            attention_between(&q, &kv, &causal, &queries, probabilities)
        })?;
        let mut x = layer.attention.forward(&mixed, &asked)?;
        if let Some((q, kv, residual)) = &layer.cross {
            let mixed = trace.attention(Stack::Cross, |probabilities| {
                attention_between(&q.forward(&x)?, &kv.forward(encoded)?, &plain, &queries, probabilities)
            })?;
            x = residual.forward(&mixed, &x)?;
        }
        layer.feed_forward(&x)
    }

    /// The ids of each sequence one place later, the start token first.
    fn shifted(&self, batch: &Batch) -> Vec<u32> {
        let mut ids = Vec::with_capacity(batch.tokens());
        for sequence in &batch.sequences {
            ids.push(self.start);
            ids.extend(&batch.input_ids[sequence.start..sequence.end - 1]);
        }
        ids
    }
}

/// The queries of a batch: those of the wanted tokens.
fn queries(batch: &Batch, wanted: Tokens<'_>) -> Vec<Sequence> {
    match wanted {
        Tokens::One(positions) => one_of_each(batch, positions),
        Tokens::All => {
            let all =
                |rows: &std::ops::Range<usize>| Sequence { keys: rows.clone(), queries: rows.clone(), position: 0 };
            batch.sequences.iter().map(all).collect()
        }
    }
}

impl Side {
    fn declare(
        needs: &mut Declarations,
        names: &Names,
        config: &Config,
        side: &str,
        [layers, heads, intermediate]: [usize; 3],
        words: &mut WordEmbeddings,
    ) -> Self {
        let hidden = config.hidden_size;
        let name = |part: &str| names.base(&format!("{side}.{part}"));
        let rows = config.max_positions + OFFSET;
        Side {
            words: words.declare(needs, &name("embed_tokens")),
            positions: Embedding::declare(needs, &name("embed_positions"), rows, hidden),
            norm: Norm::declare(needs, &name("layernorm_embedding"), hidden, config.layer_norm_eps, config.norm),
            layers: (0..layers)
                .map(|layer| Layer::declare(needs, config, &name(&format!("layers.{layer}")), side, intermediate))
                .collect(),
            heads,
        }
    }

    fn attend(&self) -> Attend<'static> {
        Attend::plain(self.heads, self.words.size() / self.heads)
    }

    /// `[tokens, hidden]`
    fn embed(&self, model: &EncoderDecoder, ids: &[u32], batch: &Batch) -> Result<Tensor> {
        let positions: Vec<u32> =
            batch.sequences.iter().flat_map(|rows| (OFFSET..OFFSET + rows.len()).map(|row| row as u32)).collect();
        let words = sum_of_embeddings(&[(&self.words, ids)])?;
        let words = model.word_scale.map_or(Ok(words.clone()), |scale| scaled(&words, scale))?;
        self.norm.forward_residual(&words, &sum_of_embeddings(&[(&self.positions, &positions)])?)
    }
}

impl Layer {
    fn declare(needs: &mut Declarations, config: &Config, prefix: &str, side: &str, intermediate: usize) -> Self {
        let hidden = config.hidden_size;
        let named = |parts: &[&str]| parts.iter().map(|part| format!("{prefix}.{part}")).collect::<Vec<_>>();
        let linear = |needs: &mut Declarations, parts: &[&str], inputs, outputs| {
            let names = named(parts);
            Linear::declare_parts(needs, &names, names.len(), inputs, outputs).with_biases(needs, &names, outputs)
        };
        let residual = |needs: &mut Declarations, part: &str, inputs, norm: &str| Residual {
            linear: linear(needs, &[part], inputs, hidden),
            norm: Norm::declare(needs, &format!("{prefix}.{norm}"), hidden, config.layer_norm_eps, config.norm),
        };
        Layer {
            qkv: linear(needs, &["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], hidden, hidden),
            attention: residual(needs, "self_attn.out_proj", hidden, "self_attn_layer_norm"),
            cross: (side == "decoder").then(|| {
                (
                    linear(needs, &["encoder_attn.q_proj"], hidden, hidden),
                    linear(needs, &["encoder_attn.k_proj", "encoder_attn.v_proj"], hidden, hidden),
                    residual(needs, "encoder_attn.out_proj", hidden, "encoder_attn_layer_norm"),
                )
            }),
            up: linear(needs, &["fc1"], hidden, intermediate).with_activation(Some(config.activation)),
            feed_forward: residual(needs, "fc2", intermediate, "final_layer_norm"),
        }
    }

    fn feed_forward(&self, x: &Tensor) -> Result<Tensor> {
        self.feed_forward.forward(&self.up.forward(x)?, x)
    }
}

impl Residual {
    fn forward(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        self.norm.forward_residual(&self.linear.forward(x)?, residual)
    }
}
