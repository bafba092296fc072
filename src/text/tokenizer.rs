//! Text to token ids with Hugging Face's own tokenizers around a model of `model.rs`, truncated
//! inside the tokenizer so that the special tokens survive.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};
use tokenizers::{Encoding, NormalizedString, Normalizer, PaddingDirection, PostProcessor, TruncationDirection};

use super::added_tokens::StatedTokens;
use super::advice::refusal;
use super::class::Found;
use super::cut::{Cut, Overflow, Shortened};
use super::files::SmallFiles;
use super::guard::guarded;
use super::model::{Inner, Model};
use super::special::SpecialTokens;
use super::{overrides, slow, sound};
use crate::error::{Error, Result};

/// `model_max_length` beyond this means that Python knows no limit.
const NO_LIMIT: f64 = 1e9;

/// A text, or a pair of texts, to classify.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Spelled")]
pub struct Input {
    /// The text, or the first of the pair.
    pub text: String,
    /// The second of the pair.
    pub text_pair: Option<String>,
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        Input { text: text.to_owned(), text_pair: None }
    }
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Spelled {
    Text(String),
    Pair { text: String, text_pair: Option<String> },
}

impl From<Spelled> for Input {
    fn from(spelled: Spelled) -> Self {
        match spelled {
            Spelled::Text(text) => Input { text, text_pair: None },
            Spelled::Pair { text, text_pair } => Input { text, text_pair },
        }
    }
}

/// How much of an input the model reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Whether something was cut away.
    pub truncated: bool,
    /// Where the part of the text that is read ends, in characters.
    pub text_end: usize,
    /// The same for the second text of a pair.
    pub text_pair_end: Option<usize>,
}

/// One tokenized input, or one window of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Ids of the word pieces, special tokens included.
    pub input_ids: Vec<u32>,
    /// Token types, one for each id.
    pub token_type_ids: Vec<u32>,
    /// First and one past the last character of each token in its text; `(0, 0)` for special
    /// tokens.
    pub offsets: Vec<(usize, usize)>,
    /// Whether each token is of the first text or of the second; `None` for special tokens that the tokenizer added.
    pub sequence_ids: Vec<Option<u8>>,
    /// The word of its text that each token belongs to; `None` for special tokens.
    pub word_ids: Vec<Option<u32>>,
    /// What the truncation left.
    pub kept: Kept,
}

/// A tokenizer and the length it truncates to.
pub struct Tokenizer {
    pub(super) inner: Inner,
    max_length: usize,
    /// Whether [`Tokenizer::encode`] cuts to it.
    truncates: bool,
    pub(super) direction: TruncationDirection,
    /// Whether Python fills rows up from the left.
    pads_left: bool,
    /// Whether the encoder wants the types that the tokenizer gives; zeros otherwise.
    pub(super) token_types: bool,
    pub(super) special: SpecialTokens,
    /// Whether spaces before punctuation are removed from decoded texts.
    pub(super) clean_up: bool,
    warnings: Vec<String>,
}

impl Tokenizer {
    /// Builds the tokenizer of a model from `tokenizer.json`, or else from the vocabulary
    /// files of the slow tokenizers. Padding and truncation stored there are not obeyed; see
    /// [`Tokenizer::truncate_to`]. `type_vocab_size` is the encoder's.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the files are missing, broken or not supported.
    pub fn from_files(files: &SmallFiles, type_vocab_size: usize) -> Result<Self> {
        guarded(|| Self::build(files, type_vocab_size)).map_err(|error| match error {
            Error::Tokenizer { reason, files: named } if named.is_empty() => files.tokenizer_error(reason),
            other => other,
        })
    }

    fn build(files: &SmallFiles, type_vocab_size: usize) -> Result<Self> {
        let settings = settings(files)?;
        let found = Found::of(files, &settings);
        let (class, stated) = (found.class(), StatedTokens::read(files, &settings)?);
        let refuse = |reason: String| files.tokenizer_error(reason);
        let mut warnings = Vec::new();
        let json = json(files, &settings, &found, &mut warnings)?;
        sound::check(&json).map_err(refuse)?;
        let mut inner: Inner = serde_json::from_str(&json).map_err(|error| refuse(error.to_string()))?;
        let padding = inner.get_padding().cloned();
        let cut_from = inner.get_truncation().map(|truncation| truncation.direction);
        inner.with_padding(None);
        let cleared = inner.with_truncation(None).map(|_| ());
        let applied = cleared.and_then(|()| overrides::apply(&mut inner, &settings, class, &stated));
        let checked = applied.and_then(|()| sound::check_added_tokens(&inner));
        checked.map_err(|error| refuse(error.to_string()))?;
        let token_types = lists_token_types(&settings).unwrap_or(class.token_types);
        if type_vocab_size > 1 && !token_types && gives_types(&inner) {
            warnings.push(format!(
                "the second text of a pair gets token type 0, as Python gives the model no token types with {}; state \
                 them in model_input_names of tokenizer_config.json if it was trained with them",
                found.name.as_deref().filter(|_| !class.roles.is_empty()).unwrap_or(class.names[0])
            ));
        }
        if settings.contains_key("auto_map") {
            warnings.push(format!(
                "auto_map of tokenizer_config.json is left aside: the tokenizer is read as {}, not by the model's own code",
                class.names[0]
            ));
        }
        Ok(Tokenizer {
            special: SpecialTokens::read(
                &stated,
                class,
                &inner,
                padding.as_ref().map(|padding| padding.pad_token.as_str()),
            ),
            pads_left: match settings.get("padding_side").and_then(Value::as_str) {
                Some(side) => side == "left",
                None => {
                    padding.map_or(class.pads_left(), |padding| matches!(padding.direction, PaddingDirection::Left))
                }
            },
            clean_up: settings.get("clean_up_tokenization_spaces").and_then(Value::as_bool).unwrap_or(false),
            inner,
            max_length: model_max_length(&settings).unwrap_or(usize::MAX),
            truncates: false,
            direction: direction(&settings, cut_from),
            token_types: type_vocab_size > 1 && token_types,
            warnings,
        })
    }

    /// The `tokenizer.json` that [`Tokenizer::from_files`] builds from: the file, or what the
    /// vocabulary files amount to.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the files are missing, broken or not supported.
    pub fn json(files: &SmallFiles) -> Result<Value> {
        let settings = settings(files)?;
        let json = json(files, &settings, &Found::of(files, &settings), &mut Vec::new())?;
        serde_json::from_str(&json).map_err(|error| files.tokenizer_error(error.to_string()))
    }

    /// What is left aside of the tokenizer's files, or read otherwise than it stands there: sentences that begin in
    /// lower case.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Adds to [`Tokenizer::warnings`].
    pub(crate) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Whether Python fills rows up from the left.
    pub fn pads_left(&self) -> bool {
        self.pads_left
    }

    /// How many of the special tokens around a text, and around a pair if they are fewer, are this one.
    pub fn special_tokens_that_are(&self, id: u32) -> usize {
        let count = |encoding: tokenizers::Result<Encoding>| {
            encoding.map_or(0, |encoding| encoding.get_ids().iter().filter(|&&other| other == id).count())
        };
        count(self.inner.encode_fast("", true)).min(count(self.inner.encode_fast(("", ""), true)))
    }

    /// The text as the normalizer leaves it.
    pub(super) fn normalized(&self, text: &str) -> Result<String> {
        let mut normalized = NormalizedString::from(text);
        let mut normalize =
            || self.inner.get_normalizer().map_or(Ok(()), |normalizer| normalizer.normalize(&mut normalized));
        guarded(|| normalize().map_err(Error::tokenizer))?;
        Ok(normalized.get().to_owned())
    }

    /// The same with another length than its own files allow, in tokens.
    pub fn with_model_max_length(self, length: usize) -> Self {
        Tokenizer { max_length: length, ..self }
    }

    /// The same, turning texts into lower case before anything else.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the tokenizer takes no other normalizer.
    pub fn lower_cased(mut self) -> Result<Self> {
        let present = self.inner.get_normalizer().cloned();
        let all = std::iter::once(NormalizerWrapper::from(Lowercase)).chain(present).collect();
        let sequence = Some(Sequence::new(all));
        guarded(|| self.inner.with_normalizer(sequence).map(|_| ()).map_err(Error::tokenizer))?;
        Ok(self)
    }

    /// The length that the tokenizer's own files allow, in tokens.
    pub fn model_max_length(&self) -> Option<usize> {
        Some(self.max_length).filter(|&length| length < usize::MAX)
    }

    /// Cuts what is tokenized from now on to `max_length`, or to the tokenizer's own
    /// `model_max_length` if that is smaller.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when that leaves no room for a text.
    pub fn truncate_to(mut self, max_length: usize) -> Result<Self> {
        self.max_length = self.max_length.min(max_length);
        match self.max_length <= self.special_tokens(false) {
            true => Err(self.no_room("a text")),
            false => Ok(Tokenizer { truncates: true, ..self }),
        }
    }

    /// How many special tokens stand around a text, or a pair.
    fn special_tokens(&self, pair: bool) -> usize {
        self.inner.get_post_processor().map_or(0, |processor| processor.added_tokens(pair))
    }

    fn no_room(&self, what: &str) -> Error {
        Error::tokenizer(format!("{} tokens leave no room for {what} beside the special ones", self.max_length))
    }

    /// The longest sequence, in tokens with the special ones.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Tokenizes an input and cuts it to [`Tokenizer::max_length`], the longer text of a pair
    /// first, if [`Tokenizer::truncate_to`] has been called.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the tokenizer cannot represent the text.
    pub fn encode(&self, input: &Input) -> Result<Tokens> {
        self.encode_as(input, Overflow::Dropped)
    }

    /// As [`Tokenizer::encode`], for one of several inputs: `index` is its number.
    ///
    /// # Errors
    /// [`Error::Input`] when the text is too large or empty of tokens, and, unless `truncate`,
    /// when it has more tokens than the model can read.
    pub fn encode_input(&self, index: usize, input: &Input, truncate: bool) -> Result<Tokens> {
        let overflow = if truncate { Overflow::Dropped } else { Overflow::Refused };
        let tokens = self.encode_as(input, overflow).map_err(|error| error.behind(index))?;
        if tokens.input_ids.is_empty() {
            let reason = "the text has no tokens, and this tokenizer adds none".into();
            return Err(Error::Input { input: index, reason });
        }
        Ok(tokens)
    }

    /// Whether Python has this tokenizer in slow form only.
    pub(crate) fn is_slow(&self) -> bool {
        matches!(self.inner.get_model(), Model::Marked(_))
    }

    fn encode_as(&self, input: &Input, overflow: Overflow) -> Result<Tokens> {
        // An empty second text is none, as in Python, but in its slow tokenizers.
        let pair = input.text_pair.as_deref().filter(|pair| self.is_slow() || !pair.is_empty());
        if pair.is_some() && self.max_length <= self.special_tokens(true) {
            return Err(self.no_room("a pair of texts"));
        }
        let max_length = if self.truncates { self.max_length } else { usize::MAX };
        let cut = Cut { max_length, shortened: Shortened::Longest, overflow };
        let mut tokens = self.encode_cut(&input.text, pair, &cut)?.swap_remove(0);
        tokens.kept.text_pair_end = input.text_pair.as_ref().map(|_| tokens.kept.text_pair_end.unwrap_or(0));
        Ok(tokens)
    }
}

impl std::fmt::Debug for Tokenizer {
    /// Without the vocabulary, which fills screens.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tokenizer").field("max_length", &self.max_length).finish_non_exhaustive()
    }
}

/// The `tokenizer.json`, or what stands in for it.
fn json<'a>(
    files: &'a SmallFiles,
    settings: &Map<String, Value>,
    found: &Found,
    warnings: &mut Vec<String>,
) -> Result<Cow<'a, str>> {
    if found.is_slow_only() {
        return Err(files.tokenizer_error(refusal(found)));
    }
    match files.text("tokenizer.json")? {
        Some(json) if !slow::leaves_json_aside(files, found, warnings) => Ok(json.into()),
        _ => Ok(slow::tokenizer_json(files, settings, found, warnings)?.into()),
    }
}

fn settings(files: &SmallFiles) -> Result<Map<String, Value>> {
    let Some(text) = files.text("tokenizer_config.json")? else {
        return Ok(Map::new());
    };
    serde_json::from_str(text).map_err(|error| files.tokenizer_error(format!("tokenizer_config.json: {error}")))
}

/// `model_max_length`, or the key that it had in old files.
fn model_max_length(settings: &Map<String, Value>) -> Option<usize> {
    let length = settings.get("model_max_length").or_else(|| settings.get("max_len"))?.as_f64()?;
    (1.0..=NO_LIMIT).contains(&length).then_some(length as usize)
}

/// The side from which texts are cut: the stated one, else that of `tokenizer.json`.
fn direction(settings: &Map<String, Value>, of_json: Option<TruncationDirection>) -> TruncationDirection {
    match settings.get("truncation_side").and_then(Value::as_str) {
        Some("left") => TruncationDirection::Left,
        Some(_) => TruncationDirection::Right,
        None => of_json.unwrap_or(TruncationDirection::Right),
    }
}

/// What `model_input_names` says of token types.
fn lists_token_types(settings: &Map<String, Value>) -> Option<bool> {
    let names = settings.get("model_input_names")?.as_array()?;
    Some(names.iter().any(|name| name == "token_type_ids"))
}

/// Whether the tokenizer gives a pair of texts types other than zero.
fn gives_types(tokenizer: &Inner) -> bool {
    let encoding = tokenizer.encode_fast(("a", "a"), true);
    encoding.is_ok_and(|encoding| encoding.get_type_ids().iter().any(|&kind| kind > 0))
}
