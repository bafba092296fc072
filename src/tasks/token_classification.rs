//! Labels of tokens, and the entities that neighbouring tokens make together, as `transformers`
//! `pipelines/token_classification.py` does it.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::tasks::TaskName;
//! use headwise::internals::tasks::run::run;
//! use headwise::internals::tasks::token_classification::{Aggregation, Options, TokenClassification};
//! use headwise::internals::text_model::TextModel;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-token");
//! let model = Arc::new(TextModel::open(folder, TaskName::TokenClassification, Precision::Fp32)?);
//! let options = Options { aggregation_strategy: Aggregation::Simple, ..Options::default() };
//! let results = run(TokenClassification::new(model, options)?, ["The quick brown fox".into()])?;
//! for entity in &results[0] {
//!     println!("{} from {} to {}", entity.label.name(), entity.start, entity.end);
//! }
//! # assert!(!results[0].is_empty());
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call_options::{CallOptions, OneOrMore};
use super::run::{Task, logits_of_sequences};
use super::text_classification::Function;
use super::{Utf16, best, between, characters, check_head};
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::named::named;
use crate::text::{Batch, Overflow, Shortened, Tokens};
use crate::text_model::TextModel;

/// How tokens become entities. All but the first join neighbours whose labels agree but for `B-` and `I-`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// Not at all: tokens are given.
    #[default]
    None,
    /// Each token has its own label.
    Simple,
    /// A word has the label of its first token.
    First,
    /// A word has the label that is best on average over its tokens.
    Average,
    /// A word has the label of the token that is surest of its own.
    Max,
}

named!(Aggregation {
    None => "none",
    Simple => "simple",
    First => "first",
    Average => "average",
    Max => "max",
});

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How tokens become entities.
    pub aggregation_strategy: Aggregation,
    /// Labels that are left out; of entities, without `B-` and `I-`.
    pub ignore_labels: Vec<String>,
    /// Long texts are read in windows that share this many tokens; `None` to cut them.
    pub stride: Option<usize>,
    /// Whether texts that are too long are cut; an error otherwise.
    pub truncation: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            aggregation_strategy: Aggregation::None,
            ignore_labels: vec!["O".into()],
            stride: None,
            truncation: true,
        }
    }
}

impl Options {
    /// Reads the options of a call.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        let default = Options::default();
        // Python refuses windows for tokens only where both are asked for.
        let strategy = given.choice("aggregation_strategy", Aggregation::NAMES)?;
        let stride = given.tokens("stride")?;
        if let Some(stride) = stride.filter(|_| strategy == Some(Aggregation::None)) {
            let supported = "none with the aggregation_strategy none, as windows share tokens".into();
            return Err(Error::Option { option: "stride".into(), value: stride.to_string(), supported });
        }
        let ignored = given.texts("ignore_labels")?.map(OneOrMore::into_vec);
        Ok(Options {
            aggregation_strategy: strategy.unwrap_or_default(),
            ignore_labels: ignored.unwrap_or(default.ignore_labels),
            stride,
            truncation: given.flag("truncation")?.unwrap_or(true),
        })
    }
}

/// A text, whole or word by word.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Spelled")]
pub struct Text {
    text: String,
    /// The words, and what stands between them.
    words: Option<(Vec<String>, String)>,
}

impl Text {
    /// A text whose words are known; offsets count in the text that they make with `delimiter` between them.
    pub fn of_words(words: Vec<String>, delimiter: &str) -> Self {
        Text { text: words.join(delimiter), words: Some((words, delimiter.to_owned())) }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text { text: text.to_owned(), words: None }
    }
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Spelled {
    Text(String),
    Object { text: String },
    Words { words: Vec<String>, delimiter: Option<String> },
}

impl From<Spelled> for Text {
    fn from(spelled: Spelled) -> Self {
        match spelled {
            Spelled::Text(text) | Spelled::Object { text } => Text { text, words: None },
            Spelled::Words { words, delimiter } => Text::of_words(words, delimiter.as_deref().unwrap_or(" ")),
        }
    }
}

/// A token, or an entity of one or more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entity {
    /// What the entity is; of a token its label.
    #[serde(flatten)]
    pub label: EntityLabel,
    /// Its probability; of several tokens or words the mean.
    pub score: f32,
    /// As the tokenizer spells it; in the text it may be written otherwise.
    pub word: String,
    /// Where it begins in the text, in characters.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// What an entity is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum EntityLabel {
    /// A token.
    Token {
        /// Its label.
        entity: String,
        /// Its place in its sequence, special tokens included.
        index: usize,
    },
    /// Neighbours that belong together.
    Group {
        /// Their label without `B-` and `I-`.
        entity_group: String,
    },
}

impl EntityLabel {
    /// The label.
    pub fn name(&self) -> &str {
        match self {
            EntityLabel::Token { entity, .. } => entity,
            EntityLabel::Group { entity_group } => entity_group,
        }
    }
}

/// A token with the probabilities of its labels, or a word of several.
struct Piece {
    tokens: Vec<String>,
    scores: Vec<f32>,
    start: usize,
    end: usize,
    /// Place in the sequence.
    index: usize,
    continues_word: bool,
}

/// Labels of tokens, or entities.
#[derive(Debug)]
pub struct TokenClassification {
    model: Arc<TextModel>,
    options: Options,
}

impl TokenClassification {
    /// A request to a model with a token head.
    ///
    /// # Errors
    /// [`Error::Option`] for a model with another head, and for a stride as long as what the model reads;
    /// [`Error::Config`] where a label has no name.
    pub fn new(model: Arc<TextModel>, options: Options) -> Result<Self> {
        check_head(&model.model, HeadKind::Token)?;
        let most = model.tokenizer.max_length();
        if let Some(stride) = options.stride.filter(|&stride| stride >= most) {
            let supported = format!("less than the {most} tokens that the model reads");
            return Err(Error::Option { option: "stride".into(), value: stride.to_string(), supported });
        }
        model.model.config.check_label_names()?;
        Ok(TokenClassification { model, options })
    }

    /// The tokens of a window that are not special.
    fn pieces(&self, text: &[char], tokens: &Tokens, logits: &[f32]) -> Vec<Piece> {
        let tokenizer = &self.model.tokenizer;
        let (unknown, prefixed) = (tokenizer.special().unknown, tokenizer.marks_continuations());
        let labels = self.model.model.labels.len();
        let piece = |(index, logits): (usize, &[f32])| {
            tokens.sequence_ids[index]?;
            let (id, (start, end)) = (tokens.input_ids[index], tokens.offsets[index]);
            let written = between(text, start, end);
            let token = tokenizer.token(id);
            let is_unknown = Some(id) == unknown;
            let continues_word = !is_unknown
                && match prefixed {
                    true => token.chars().count() != end - start,
                    // Such tokenizers keep no words: what follows no space continues one.
                    false => start > 0 && !between(text, start - 1, start + 1).contains(' '),
                };
            // Python knows what is written where it knows offsets.
            let tokens = vec![if is_unknown && !tokenizer.is_slow() { written } else { token }];
            Some(Piece { tokens, scores: Function::Softmax.apply(logits), start, end, index, continues_word })
        };
        logits.chunks_exact(labels).enumerate().filter_map(piece).collect()
    }

    /// One piece of those of a word.
    fn word(&self, pieces: Vec<Piece>) -> Piece {
        let highest = |piece: &Piece| piece.scores[best(&piece.scores)];
        let surest = (0..pieces.len())
            .fold(0, |surest, place| if highest(&pieces[place]) > highest(&pieces[surest]) { place } else { surest });
        let scores = match self.options.aggregation_strategy {
            Aggregation::Average => mean(&pieces),
            Aggregation::Max => pieces[surest].scores.clone(),
            _ => pieces[0].scores.clone(),
        };
        let (start, end) = (pieces[0].start, pieces[pieces.len() - 1].end);
        let index = pieces[0].index;
        let tokens = pieces.into_iter().flat_map(|piece| piece.tokens).collect();
        Piece { tokens, scores, start, end, index, continues_word: false }
    }

    /// The entities of a window.
    fn entities(&self, pieces: Vec<Piece>) -> Result<Vec<Entity>> {
        let labels = &self.model.model.labels;
        let label = |piece: &Piece| labels[best(&piece.scores)].as_str();
        let score = |piece: &Piece| piece.scores[best(&piece.scores)];
        let strategy = self.options.aggregation_strategy;
        if strategy == Aggregation::None {
            let token = |piece: Piece| Entity {
                label: EntityLabel::Token { entity: label(&piece).to_owned(), index: piece.index },
                score: score(&piece),
                word: piece.tokens.concat(),
                start: piece.start,
                end: piece.end,
            };
            return Ok(pieces.into_iter().map(token).collect());
        }
        let words = match strategy {
            Aggregation::Simple => pieces,
            _ => joined(pieces, |_, next| next.continues_word)
                .into_iter()
                .map(|word| self.spelled(word))
                .collect::<Result<_>>()?,
        };
        let together = |last: &Piece, next: &Piece| {
            let (begins, tag) = tag(label(next));
            !begins && tag == self::tag(label(last)).1
        };
        let group = |words: Vec<Piece>| {
            let name = label(&words[0]);
            Ok(Entity {
                label: EntityLabel::Group { entity_group: name.split_once('-').map_or(name, |(_, name)| name).into() },
                score: words.iter().map(score).sum::<f32>() / words.len() as f32,
                start: words[0].start,
                end: words[words.len() - 1].end,
                word: self.model.tokenizer.join(words.into_iter().flat_map(|word| word.tokens).collect())?,
            })
        };
        joined(words, together).into_iter().map(group).collect()
    }

    /// A word as one token, spelled as Python does before words are joined once more.
    fn spelled(&self, pieces: Vec<Piece>) -> Result<Piece> {
        let mut word = self.word(pieces);
        word.tokens = vec![self.model.tokenizer.join(word.tokens)?];
        Ok(word)
    }
}

impl Task for TokenClassification {
    type Input = Text;
    type Output = Vec<Entity>;
    type Computed = Vec<f32>;

    fn texts(input: &Text) -> (&str, Option<&str>) {
        (&input.text, None)
    }

    fn encode(&self, input: &Text) -> Result<Vec<Tokens>> {
        let tokenizer = &self.model.tokenizer;
        let mut cut = tokenizer.cut(Shortened::First, self.options.truncation);
        if let Some(stride) = self.options.stride {
            cut.overflow = Overflow::Windows(stride);
        }
        match &input.words {
            None => tokenizer.encode_cut(&input.text, None, &cut),
            Some((words, delimiter)) => tokenizer.encode_words(words, delimiter, &cut),
        }
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        logits_of_sequences(&self.model.model, batch)
    }

    fn finish(&self, input: &Text, windows: &[Tokens], logits: Vec<Vec<f32>>) -> Result<Vec<Entity>> {
        let text = characters(&input.text, windows.iter().flat_map(|tokens| tokens.offsets.iter().copied()));
        let mut entities = Vec::new();
        for (tokens, logits) in windows.iter().zip(&logits) {
            let mut of_window = self.entities(self.pieces(&text, tokens, logits))?;
            of_window.retain(|entity| !self.options.ignore_labels.iter().any(|label| label == entity.label.name()));
            entities.append(&mut of_window);
        }
        Ok(if windows.len() > 1 { without_overlaps(entities) } else { entities })
    }

    fn count_in_utf16(input: &Text, entities: &mut Vec<Entity>) {
        let text = Utf16::of(&input.text);
        for entity in entities {
            (entity.start, entity.end) = (text.at(entity.start), text.at(entity.end));
        }
    }
}

/// Neighbours for which `together` holds, as one group each.
fn joined(pieces: Vec<Piece>, together: impl Fn(&Piece, &Piece) -> bool) -> Vec<Vec<Piece>> {
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        match groups.last_mut().and_then(|group| Some((together(group.last()?, &piece), group))) {
            Some((true, group)) => group.push(piece),
            _ => groups.push(vec![piece]),
        }
    }
    groups
}

/// Whether an entity begins here, and what it is. A label without a prefix goes on.
fn tag(label: &str) -> (bool, &str) {
    match (label.strip_prefix("B-"), label.strip_prefix("I-")) {
        (Some(tag), _) => (true, tag),
        (None, tag) => (false, tag.unwrap_or(label)),
    }
}

/// The mean of the probabilities of some tokens.
fn mean(pieces: &[Piece]) -> Vec<f32> {
    let mut sum = vec![0.0; pieces[0].scores.len()];
    for piece in pieces {
        sum.iter_mut().zip(&piece.scores).for_each(|(sum, score)| *sum += score);
    }
    sum.iter().map(|sum| sum / pieces.len() as f32).collect()
}

/// Of entities that overlap, as neighbouring windows give them, the longest, or else the surest.
fn without_overlaps(mut entities: Vec<Entity>) -> Vec<Entity> {
    entities.sort_by_key(|entity| entity.start);
    let mut kept: Vec<Entity> = Vec::new();
    for entity in entities {
        match kept.last_mut().filter(|last| entity.start < last.end) {
            None => kept.push(entity),
            Some(last) => {
                let (longer, before) = (entity.end - entity.start, last.end - last.start);
                if longer > before || longer == before && entity.score > last.score {
                    *last = entity;
                }
            }
        }
    }
    kept
}
