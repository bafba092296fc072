//! Masked language modelling: every token's vector is transformed and compared with the word
//! embeddings. `hidden_size` numbers in, one logit per word piece out.

use super::sequence::PREDICTION;
use super::token::each_token;
use super::{Applied, Bias, HeadTable, Stage, TensorName, Tied, Width};
use crate::nn::Activation;

/// BERT; DeBERTa with narrower embeddings.
pub const CLS: HeadTable = each_token(&[
    Stage::new(TensorName::Top("cls.predictions.transform.dense"), Width::Embedding)
        .then(Applied::OfEncoder)
        .normalised("cls.predictions.transform.LayerNorm"),
    Stage::decoder("cls.predictions.decoder", Bias::OrAt("cls.predictions.bias")),
]);

/// RoBERTa, MPNet.
pub const LM_HEAD: HeadTable = each_token(&[
    Stage::dense("lm_head.dense").then(Applied::Always(Activation::Gelu)).normalised("lm_head.layer_norm"),
    Stage::decoder("lm_head.decoder", Bias::OrAt("lm_head.bias")),
]);

/// DistilBERT.
pub const VOCAB_PROJECTOR: HeadTable = each_token(&[
    Stage::dense("vocab_transform").then(Applied::OfEncoder).normalised("vocab_layer_norm"),
    Stage::decoder("vocab_projector", Bias::Own),
]);

/// ELECTRA's generator.
pub const GENERATOR: HeadTable = each_token(&[
    Stage::new(TensorName::Top("generator_predictions.dense"), Width::Embedding)
        .then(Applied::Always(Activation::Gelu))
        .normalised("generator_predictions.LayerNorm"),
    Stage::decoder("generator_lm_head", Bias::Own),
]);

/// ALBERT.
pub const PREDICTIONS: HeadTable = each_token(&[
    Stage::new(TensorName::Top("predictions.dense"), Width::Embedding)
        .then(Applied::OfEncoder)
        .normalised("predictions.LayerNorm"),
    Stage::decoder("predictions.decoder", Bias::OrAt("predictions.bias")),
]);

/// DeBERTa: as BERT's, but where `legacy` is false under names of its own.
pub const CLS_OR_LM_PREDICTIONS: HeadTable = HeadTable { unless: Some(("legacy", &LM_PREDICTIONS)), ..CLS };

const LM_PREDICTIONS: HeadTable = each_token(&[
    Stage::dense("lm_predictions.lm_head.dense")
        .then(Applied::OfEncoder)
        .normalised("lm_predictions.lm_head.LayerNorm"),
    Stage { tied: Tied::Always, ..Stage::decoder("lm_predictions.lm_head", Bias::Own) },
]);

/// ModernBERT.
pub const PREDICTION_HEAD: HeadTable =
    each_token(&[PREDICTION, Stage::decoder("decoder", Bias::If("decoder_bias", true))]);

/// BART: the decoder's vectors as they are.
pub const LOGITS_BIAS: HeadTable = each_token(&[Stage::decoder("lm_head", Bias::Row("final_logits_bias"))]);
