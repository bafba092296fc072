//! An encoder with or without a head, and what became of the checkpoint's tensors.

use candle_core::Tensor;

use super::config::{Config, unsupported};
use super::encoder::Encoder;
use super::encoder_decoder::EncoderDecoder;
use super::head::{Head, Needs};
use super::ignorable::IGNORABLE;
use super::layer::Tokens;
use super::quantization::QUANTIZATION_FIELDS;
use super::trace::Trace;
use super::word_embeddings::WordEmbeddings;
use crate::architectures::heads::{HeadKind, HeadTable, Width};
use crate::architectures::words::Body;
use crate::error::{Error, Result, listed};
use crate::kernels::Precision;
use crate::text::Batch;
use crate::weights::{Checkpoint, Declarations, LoadOptions, Names, Plan, Reason, Section, Usage};

/// A model whose weights are loaded, or about to be.
#[derive(Debug)]
pub struct Model {
    /// The configuration it was built from.
    pub config: Config,
    /// What it computes.
    pub kind: HeadKind,
    /// Names of the labels of a sequence or token classifier, one for each logit.
    pub labels: Vec<String>,
    /// What became of each tensor of the checkpoint.
    pub usage: Usage,
    /// How its matrices and its word embeddings are kept.
    pub precision: Precision,
    /// Why they are kept so.
    pub precision_reason: Reason,
    /// Memory that the weights, and what is computed from them, take, in bytes.
    pub weight_bytes: u64,
    backbone: Backbone,
    head: Option<Head>,
}

/// What makes hidden vectors of tokens.
#[derive(Debug)]
enum Backbone {
    Encoder(Box<Encoder>),
    EncoderDecoder(Box<EncoderDecoder>),
}

impl Model {
    /// Builds the model, still without weights, and the plan that fills them in.
    ///
    /// # Errors
    /// Whatever is wrong with the checkpoint's tensors: see [`Plan::new`]; [`Error::Config`]
    /// when the head has another number of labels than the configuration;
    /// [`Error::UnsupportedHead`] when there is no such head.
    pub fn plan(
        config: Config,
        checkpoint: &Checkpoint,
        kind: HeadKind,
        options: LoadOptions,
    ) -> Result<(Model, Plan)> {
        let names = Names::new(checkpoint, config.architecture.prefixes, config.architecture.aliases);
        let quantized = QUANTIZATION_FIELDS.iter().any(|field| config.fields.get(field).is_some());
        let mut words = WordEmbeddings::new(&names, &config, kind)?;
        let mut needs = Declarations::of(quantized);
        let backbone = Backbone::declare(&mut needs, &names, &config, &mut words)?;
        needs.prepared_bytes = backbone.prepared_bytes();
        let mut sections = vec![Section { head: None, needs }];
        let mut labels = Vec::new();
        let head = match config.head_table(kind)? {
            None => None,
            Some(table) => {
                if matches!(kind, HeadKind::Sequence | HeadKind::Token) {
                    labels = self::labels(&config, checkpoint, &names, table, options.new_head.is_some())?;
                }
                let outputs = match kind {
                    HeadKind::QuestionAnswering => {
                        // They are labels to `transformers`, but for heads that have two whatever the file says.
                        if table.stages.iter().all(|stage| stage.width != Width::Pair) {
                            self::labels(&config, checkpoint, &names, table, options.new_head.is_some())?;
                        }
                        2
                    }
                    HeadKind::MultipleChoice => 1,
                    HeadKind::MaskedLm => config.vocab_size,
                    HeadKind::Base | HeadKind::Sequence | HeadKind::Token => labels.len(),
                };
                let mut needs = Declarations::of(quantized);
                let head = Head::declare(&mut needs, &names, &config, table, outputs, &mut words)?;
                sections.push(Section { head: Some(kind.name()), needs });
                Some(head)
            }
        };
        let plan = Plan::new(checkpoint, &names, sections, &IGNORABLE, options)
            .map_err(|error| explained(error, &config, checkpoint))?;
        let model = Model {
            labels,
            kind,
            usage: plan.usage.clone(),
            precision: plan.precision,
            precision_reason: plan.precision_reason,
            weight_bytes: plan.weight_bytes(),
            config,
            backbone,
            head,
        };
        Ok((model, plan))
    }

    /// Takes note of the memory that the weights take: of more than was planned where tied tables differ.
    pub(super) fn weights_take(&mut self, bytes: u64) {
        if bytes > self.weight_bytes {
            self.weight_bytes = bytes;
            self.usage.warnings.push(
                "config.json ties word embeddings which are there twice and differ; each table is used where it belongs."
                    .into(),
            );
        }
    }

    /// Computes what depends on weights alone. To be called once they are loaded.
    pub(super) fn prepare(&self) -> Result<()> {
        match &self.backbone {
            Backbone::Encoder(encoder) => encoder.prepare(),
            Backbone::EncoderDecoder(_) => Ok(()),
        }
    }

    /// Runs the model: raw logits, or the last hidden state of a bare encoder.
    ///
    /// # Errors
    /// [`Error::Input`] for a sequence beyond the model's tables, or without a token that the
    /// head reads.
    pub fn forward(&self, batch: &Batch) -> Result<Tensor> {
        self.forward_traced(batch, &mut Trace::default())
    }

    /// As [`Model::forward`], and keeps in `trace` what that asks for.
    ///
    /// Returns `[tokens, hidden]` of a bare encoder, `[tokens, outputs]` of a head that looks at
    /// each token, else `[sequences, outputs]`.
    pub fn forward_traced(&self, batch: &Batch, trace: &mut Trace) -> Result<Tensor> {
        self.check(batch)?;
        let Some(head) = &self.head else {
            return self.backbone.forward(batch, Tokens::All, trace);
        };
        let hidden = match head.needs(batch)? {
            Needs::All => self.backbone.forward(batch, Tokens::All, trace)?,
            Needs::One(positions) => self.backbone.forward(batch, Tokens::One(&positions), trace)?,
        };
        head.forward(&hidden, batch)
    }

    /// The last hidden state of every token, whatever the head: `[tokens, hidden]`.
    ///
    /// # Errors
    /// [`Error::Input`] for a sequence beyond the model's tables.
    pub fn last_hidden_state(&self, batch: &Batch) -> Result<Tensor> {
        self.check(batch)?;
        self.backbone.forward(batch, Tokens::All, &mut Trace::default())
    }

    /// What a head that reads each token makes of the hidden vectors of some tokens: `[tokens, hidden]` →
    /// `[tokens, outputs]`.
    ///
    /// # Errors
    /// [`Error::UnsupportedHead`] of a model without such a head.
    pub fn logits_of_tokens(&self, hidden: &Tensor) -> Result<Tensor> {
        match self.head.as_ref().filter(|head| head.is_per_token()) {
            Some(head) => head.forward(hidden, &Batch::default()),
            None => Err(Error::UnsupportedHead {
                head: self.kind.name().into(),
                model_type: self.config.model_type.name.into(),
                supported: [HeadKind::Token, HeadKind::QuestionAnswering, HeadKind::MaskedLm]
                    .map(|kind| kind.name().into())
                    .into(),
            }),
        }
    }

    /// Refuses what lies beyond the tables of the model: the tokenizer of another one, say.
    fn check(&self, batch: &Batch) -> Result<()> {
        let Config { vocab_size, type_vocab_size, usable_positions, .. } = self.config;
        for (input, rows) in batch.sequences.iter().enumerate() {
            let refuse = |reason: String| Err(Error::Input { input, reason });
            let beyond = |ids: &[u32], count: usize| ids.iter().copied().find(|&id| id as usize >= count);
            if let Some(most) = usable_positions.filter(|&most| rows.len() > most) {
                return refuse(format!("it has {} tokens, and the model reads {most}", rows.len()));
            }
            if let Some(id) = beyond(&batch.input_ids[rows.clone()], vocab_size) {
                return refuse(format!("token id {id} is beyond the model's vocabulary of {vocab_size}"));
            }
            let types = &batch.token_type_ids[rows.clone()];
            if let Some(token_type) = beyond(types, type_vocab_size).filter(|_| type_vocab_size > 0) {
                return refuse(format!("token type {token_type} is beyond the model's {type_vocab_size}"));
            }
        }
        Ok(())
    }

    /// What whoever uses the model should know of its files: sentences that begin in lower case.
    pub fn warnings(&self) -> Vec<String> {
        let Usage { new, unexpected, warnings, .. } = &self.usage;
        let class = self.config.class.as_deref();
        let stated = class.and_then(HeadKind::of_class);
        let is_other = stated.is_some_and(|stated| stated != self.kind) && self.kind != HeadKind::Base;
        let mut all = [self.config.warnings.as_slice(), warnings].concat();
        if let Some(class) = class.filter(|_| is_other && new.is_empty()) {
            all.push(format!("config.json says {class}; its head is used for another task than it was trained for."));
        }
        if !new.is_empty() {
            let new = listed(new);
            all.push(format!("newly initialized are {new}. Train this head before you trust its answers."));
        }
        if !unexpected.is_empty() {
            let names = listed(unexpected);
            all.push(format!("the checkpoint has tensors of unknown purpose, which are not used: {names}."));
        }
        all
    }

    /// Whether [`Model::forward`] has a row for each token.
    pub fn is_per_token(&self) -> bool {
        self.head.as_ref().is_none_or(Head::is_per_token)
    }

    /// Whether `transformers` has the word embeddings in several places, as one.
    pub fn ties_words(&self) -> bool {
        matches!(self.backbone, Backbone::EncoderDecoder(_)) || self.head.as_ref().is_some_and(Head::is_tied)
    }

    /// The output of the encoder alone, for every token: `[tokens, hidden]`; `None` where there
    /// is no decoder behind it.
    pub fn encode(&self, batch: &Batch) -> Result<Option<Tensor>> {
        match &self.backbone {
            Backbone::Encoder(_) => Ok(None),
            Backbone::EncoderDecoder(both) => both.encode(batch, &mut Trace::default()).map(Some),
        }
    }
}

impl Backbone {
    fn declare(needs: &mut Declarations, names: &Names, config: &Config, words: &mut WordEmbeddings) -> Result<Self> {
        Ok(match &config.architecture.body {
            Body::Encoder(table) => Backbone::Encoder(Box::new(Encoder::declare(needs, names, config, table, words)?)),
            Body::EncoderDecoder => {
                Backbone::EncoderDecoder(Box::new(EncoderDecoder::declare(needs, names, config, words)?))
            }
        })
    }

    fn prepared_bytes(&self) -> u64 {
        match self {
            Backbone::Encoder(encoder) => encoder.prepared_bytes(),
            Backbone::EncoderDecoder(_) => 0,
        }
    }

    fn forward(&self, batch: &Batch, wanted: Tokens<'_>, trace: &mut Trace) -> Result<Tensor> {
        match self {
            Backbone::Encoder(encoder) => encoder.forward(batch, wanted, trace),
            Backbone::EncoderDecoder(both) => both.decode(&both.encode(batch, trace)?, batch, wanted, trace),
        }
    }
}

/// What it means that a checkpoint is not that of the configured model: where there is an explanation, that one.
fn explained(error: Error, config: &Config, checkpoint: &Checkpoint) -> Error {
    let own_code = config.fields.get("auto_map").is_some();
    match &error {
        Error::MissingTensors { .. } if let Some(file) = file_of_adapter(checkpoint) => {
            Error::Adapter { file, kind: "LORA".into(), base: None }
        }
        Error::MissingTensors { .. } | Error::Shape { .. } if own_code => unsupported(config.model_type.name, true),
        _ => error,
    }
}

/// The first file with tensors of an adapter, or with a model's own under the names that `peft` gives them.
fn file_of_adapter(checkpoint: &Checkpoint) -> Option<String> {
    let is_adapter = |name: &str| name.starts_with("base_model.model.") || name.contains(".lora_");
    let (location, _) = checkpoint.entries().find(|(_, entry)| is_adapter(&entry.name))?;
    Some(checkpoint.files()[location.file].0.clone())
}

/// The configuration's labels, or as many as its class has by default, checked against the rows of the head's last
/// layer. A new head takes what is said.
fn labels(
    config: &Config,
    checkpoint: &Checkpoint,
    names: &Names,
    table: &HeadTable,
    new_head: bool,
) -> Result<Vec<String>> {
    let labels = config.labels_or_default();
    let tensor = table.stages.last().map(|stage| format!("{}.weight", stage.linear.name(names)));
    let location = tensor.as_ref().and_then(|tensor| names.location(tensor));
    let rows = location.and_then(|location| checkpoint.entry(location).shape.first().copied());
    match (rows, tensor) {
        (Some(rows), Some(tensor)) if labels.len() != rows && !new_head => Err(Error::Config {
            file: "config.json".into(),
            field: "id2label".into(),
            value: format!("{} labels", labels.len()),
            supported: format!("{rows} labels, the rows of {tensor}"),
        }),
        _ => Ok(labels),
    }
}
