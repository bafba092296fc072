//! What a forward pass leaves behind beside its result, on request.

use candle_core::Tensor;

use crate::error::Result;
use crate::nn::Probabilities;

/// Which layers of a model: its only stack, or one of an encoder and decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// An encoder without decoder.
    Only,
    /// The encoder before a decoder.
    Encoder,
    /// The decoder.
    Decoder,
    /// The decoder's attention to the encoder.
    Cross,
}

impl Stack {
    /// How `transformers` begins the names of this stack's outputs.
    pub fn prefix(self) -> &'static str {
        match self {
            Stack::Only => "",
            Stack::Encoder => "encoder_",
            Stack::Decoder => "decoder_",
            Stack::Cross => "cross_",
        }
    }
}

/// Hidden states and attentions of one forward pass, in the order of the layers.
#[derive(Debug, Default)]
pub struct Trace {
    /// Whether hidden states are kept.
    pub wants_hidden_states: bool,
    /// Whether attentions are kept.
    pub wants_attentions: bool,
    /// The input of the first layer and the output of each, `[tokens, hidden]`; the last one is
    /// the model's last hidden state.
    pub hidden_states: Vec<(Stack, Tensor)>,
    /// For each layer and sequence `[heads, queries, keys]`.
    pub attentions: Vec<(Stack, Probabilities)>,
}

impl Trace {
    /// Whether anything is kept.
    pub(super) fn wants_anything(&self) -> bool {
        self.wants_hidden_states || self.wants_attentions
    }

    /// Keeps hidden states, if they are wanted.
    pub(super) fn hidden_state(&mut self, stack: Stack, x: &Tensor) {
        if self.wants_hidden_states {
            self.hidden_states.push((stack, x.clone()));
        }
    }

    /// Runs `attend`, which fills what it is handed, and keeps that if attentions are wanted.
    pub(super) fn attention(
        &mut self,
        stack: Stack,
        attend: impl FnOnce(Option<&mut Probabilities>) -> Result<Tensor>,
    ) -> Result<Tensor> {
        if !self.wants_attentions {
            return attend(None);
        }
        let mut probabilities = Probabilities::new();
        let result = attend(Some(&mut probabilities));
        self.attentions.push((stack, probabilities));
        result
    }
}
