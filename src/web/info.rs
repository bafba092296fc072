//! What JavaScript is told of a model.

use serde::Serialize;

use crate::architectures::HeadKind;
use crate::kernels::simd::{Best, Simd};
use crate::models::Model;
use crate::pipeline::Pipeline;

/// What is known of a model.
#[derive(Serialize)]
pub(super) struct Info<'a> {
    task: Option<&'a str>,
    model_type: &'a str,
    architecture: Option<&'a str>,
    labels: &'a [String],
    problem_type: Option<&'a str>,
    function_to_apply: Option<&'a str>,
    max_length: usize,
    mask_token: Option<String>,
    dtype: &'a str,
    dtype_reason: &'a str,
    variant: &'a str,
    kernel: &'a str,
    parameters: u64,
    memory: u64,
    encoder: EncoderInfo,
    head: HeadInfo<'a>,
    ignored: &'a [String],
    unexpected: &'a [String],
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct EncoderInfo {
    tensors: usize,
    parameters: u64,
}

#[derive(Serialize)]
struct HeadInfo<'a> {
    kind: &'a str,
    /// What `config.json` says that the checkpoint was made for.
    stated: Option<&'a str>,
    tensors: Vec<&'a str>,
    new: &'a [String],
    parameters: u64,
}

impl<'a> Info<'a> {
    pub fn of_pipeline(pipeline: &'a Pipeline) -> Self {
        let tokenizer = pipeline.tokenizer();
        Info {
            task: Some(pipeline.task.name()),
            function_to_apply: pipeline.function().map(|function| function.name()),
            mask_token: tokenizer.special().mask.map(|mask| tokenizer.token(mask)),
            warnings: pipeline.warnings(),
            ..Info::of_model(pipeline.model(), tokenizer.max_length())
        }
    }

    pub fn of_model(model: &'a Model, max_length: usize) -> Self {
        let usage = &model.usage;
        let parameters = |tensors: &[(String, u64)]| tensors.iter().map(|(_, parameters)| parameters).sum();
        let encoder = EncoderInfo { tensors: usage.encoder.len(), parameters: parameters(&usage.encoder) };
        let head = HeadInfo {
            kind: model.kind.name(),
            stated: model.config.class.as_deref().and_then(HeadKind::of_class).map(HeadKind::name),
            tensors: usage.head.iter().map(|(name, _)| name.as_str()).collect(),
            new: &usage.new,
            parameters: parameters(&usage.head),
        };
        Info {
            task: None,
            model_type: model.config.model_type.name,
            architecture: model.config.class.as_deref(),
            labels: &model.labels,
            problem_type: model.config.problem_type.map(|kind| kind.name()),
            function_to_apply: None,
            max_length,
            mask_token: None,
            dtype: model.precision.name(),
            dtype_reason: model.precision_reason.name(),
            variant: <Best as Simd>::NAME,
            kernel: model.precision.kernel().name(),
            parameters: encoder.parameters + head.parameters,
            memory: model.weight_bytes,
            encoder,
            head,
            ignored: &usage.ignored,
            unexpected: &usage.unexpected,
            warnings: model.warnings(),
        }
    }
}
