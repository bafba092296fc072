//! The model of a tokenizer, which cuts words into pieces: Unigram and marked pieces are our own, everything else the
//! crate's. `tokenizer.rs` reads one as a part of a `tokenizer.json`.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::UnigramTrainer;
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::{
    DecoderWrapper, ModelWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper, Result, Token,
    TokenizerImpl,
};

use super::marked::Marked;
use super::unigram::{Pieces, Unigram};

/// What a `tokenizer.json` describes.
pub type Inner = TokenizerImpl<Model, NormalizerWrapper, PreTokenizerWrapper, PostProcessorWrapper, DecoderWrapper>;

/// What cuts words into pieces.
pub enum Model {
    /// Scored pieces.
    Unigram(Unigram),
    /// Pieces that are marked where a word goes on.
    Marked(Marked),
    /// Byte pairs, word pieces or whole words.
    Other(ModelWrapper),
}

impl tokenizers::Model for Model {
    type Trainer = TrainerWrapper;

    fn tokenize(&self, word: &str) -> Result<Vec<Token>> {
        match self {
            Model::Unigram(unigram) => unigram.tokenize(word),
            Model::Marked(marked) => marked.tokenize(word),
            Model::Other(model) => model.tokenize(word),
        }
    }

    fn token_to_id(&self, token: &str) -> Option<u32> {
        match self {
            Model::Unigram(unigram) => unigram.id(token),
            Model::Marked(marked) => marked.ids().get(token).copied(),
            Model::Other(model) => model.token_to_id(token),
        }
    }

    fn id_to_token(&self, id: u32) -> Option<String> {
        match self {
            Model::Unigram(unigram) => unigram.pieces().get(id).map(str::to_owned),
            Model::Marked(marked) => Some(marked.piece(id).to_owned()),
            Model::Other(model) => model.id_to_token(id),
        }
    }

    fn get_vocab(&self) -> HashMap<String, u32> {
        match self {
            Model::Unigram(unigram) => {
                let ids = 0..unigram.pieces().len() as u32;
                ids.filter_map(|id| Some((unigram.pieces().get(id)?.to_owned(), id))).collect()
            }
            Model::Marked(marked) => marked.ids().clone(),
            Model::Other(model) => model.get_vocab(),
        }
    }

    fn get_vocab_size(&self) -> usize {
        match self {
            Model::Unigram(unigram) => unigram.pieces().len(),
            Model::Marked(marked) => marked.ids().len(),
            Model::Other(model) => model.get_vocab_size(),
        }
    }

    fn save(&self, folder: &Path, prefix: Option<&str>) -> Result<Vec<PathBuf>> {
        match self {
            Model::Unigram(_) | Model::Marked(_) => Err("a model of our own is not saved".into()),
            Model::Other(model) => model.save(folder, prefix),
        }
    }

    fn get_trainer(&self) -> TrainerWrapper {
        match self {
            Model::Unigram(_) | Model::Marked(_) => UnigramTrainer::default().into(),
            Model::Other(model) => model.get_trainer(),
        }
    }
}

/// Kinds of models, by the `type` of a `tokenizer.json`.
#[derive(Clone, Copy, Deserialize)]
enum Kind {
    Unigram,
    #[serde(rename = "BPE")]
    BytePair,
    WordPiece,
    WordLevel,
    /// In no file: what `slow_marked.rs` makes.
    Marked,
}

const NO_LIST: &str = "only a Unigram model has a list of pieces and scores";

/// The `vocab` of a model.
enum Vocabulary {
    /// Pieces in the order of their ids.
    Scored(Pieces),
    /// Ids by piece.
    Ids(Map<String, Value>),
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct ListOrMap;
        impl<'de> Visitor<'de> for ListOrMap {
            type Value = Vocabulary;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of pieces and scores, or ids by piece")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> std::result::Result<Vocabulary, A::Error> {
                Pieces::read(list).map(Vocabulary::Scored)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Vocabulary, A::Error> {
                Map::deserialize(MapAccessDeserializer::new(map)).map(Vocabulary::Ids)
            }
        }
        deserializer.deserialize_any(ListOrMap)
    }
}

/// The `model` of a `tokenizer.json`.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    vocab: Vocabulary,
    merges: Option<Value>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl File {
    /// Older files do not say what kind they are, and the fields tell.
    fn kind(&self) -> Kind {
        match (self.kind, &self.vocab) {
            (Some(kind), _) => kind,
            (None, Vocabulary::Scored(_)) => Kind::Unigram,
            (None, _) if self.merges.is_some() => Kind::BytePair,
            (None, _) if self.fields.contains_key("max_input_chars_per_word") => Kind::WordPiece,
            (None, _) => Kind::WordLevel,
        }
    }

    fn unigram(mut self) -> Result<Model> {
        let Vocabulary::Scored(pieces) = self.vocab else {
            return Err("a Unigram model has a list of pieces and scores".into());
        };
        let unknown = self.fields.get_mut("unk_id").map_or(Value::Null, Value::take);
        let byte_fallback = self.fields.get("byte_fallback").and_then(Value::as_bool);
        Ok(Model::Unigram(Unigram::new(pieces, serde_json::from_value(unknown)?, byte_fallback.unwrap_or(false))?))
    }

    fn marked(self) -> Result<Model> {
        let Vocabulary::Ids(ids) = self.vocab else {
            return Err(NO_LIST.into());
        };
        Ok(Model::Marked(Marked::read(ids, self.fields)?))
    }

    /// A model as the crate reads it.
    fn other<M: DeserializeOwned + Into<ModelWrapper>>(mut self) -> Result<Model> {
        let Vocabulary::Ids(ids) = self.vocab else {
            return Err(NO_LIST.into());
        };
        self.fields.insert("vocab".into(), ids.into());
        self.fields.extend(self.merges.map(|merges| ("merges".into(), merges)));
        Ok(Model::Other(M::deserialize(Value::Object(self.fields))?.into()))
    }
}

impl<'de> Deserialize<'de> for Model {
    /// Reads a model in one pass: scored pieces, of which there may be 250,000, never exist as values of
    /// JSON.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let file = File::deserialize(deserializer)?;
        let model = match file.kind() {
            Kind::Unigram => file.unigram(),
            Kind::BytePair => file.other::<BPE>(),
            Kind::WordPiece => file.other::<WordPiece>(),
            Kind::WordLevel => file.other::<WordLevel>(),
            Kind::Marked => file.marked(),
        };
        model.map_err(Error::custom)
    }
}
