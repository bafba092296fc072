//! The class of a tokenizer, found as Python finds it, and what follows from it alone: which vocabulary files it reads,
//! how its words end, its special tokens, whether the model is given token types.
//!
//! `transformers` 5: `models/auto/tokenization_auto.py`, and the class's own `tokenization_*.py`.

use serde_json::{Map, Value};

use super::files::SmallFiles;

/// What is known of a class.
#[derive(Debug)]
pub struct Class {
    /// Its names, without `Fast`; the first is the one that messages use.
    pub names: &'static [&'static str],
    /// Model types whose tokenizers are of this class unless a file says otherwise.
    model_types: &'static [&'static str],
    /// What it reads where there is no `tokenizer.json`.
    pub form: Form,
    /// Whether Python gives token types to the model, unless `model_input_names` says otherwise.
    pub token_types: bool,
    /// Special tokens by role, with the names they have unless a file says otherwise, in the order in which those that
    /// are not in the vocabulary get their ids.
    pub roles: &'static [(&'static str, &'static str)],
}

/// The vocabulary files of a class, and what is made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `vocab.txt` of word pieces.
    WordPiece,
    /// `vocab.json` and `merges.txt` of bytes.
    BytePair,
    /// A file of SentencePiece.
    SentencePiece(Family),
    /// `vocab.txt` and `bpe.codes`.
    Marked,
    /// Nothing but a `tokenizer.json`.
    Json,
}

/// Classes with pieces of SentencePiece that share a tokenizer but for those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// XLM-RoBERTa.
    XlmRoberta,
    /// CamemBERT.
    Camembert,
    /// ALBERT.
    Albert,
    /// DeBERTa v2 and v3.
    DebertaV2,
    /// XLNet.
    Xlnet,
}

impl Family {
    /// The file with its pieces.
    pub fn file(self) -> &'static str {
        match self {
            Family::XlmRoberta | Family::Camembert => "sentencepiece.bpe.model",
            Family::Albert | Family::Xlnet => "spiece.model",
            Family::DebertaV2 => "spm.model",
        }
    }
}

const BERT: &[(&str, &str)] = &[
    ("unk_token", "[UNK]"),
    ("sep_token", "[SEP]"),
    ("pad_token", "[PAD]"),
    ("cls_token", "[CLS]"),
    ("mask_token", "[MASK]"),
];
const ROBERTA: &[(&str, &str)] = &roles(["<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"]);
const MPNET: &[(&str, &str)] = &roles(["<s>", "</s>", "[UNK]", "</s>", "<pad>", "<s>", "<mask>"]);
const ALBERT: &[(&str, &str)] = &roles(["[CLS]", "[SEP]", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]"]);
const DEBERTA: &[(&str, &str)] = &roles(["[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"]);
const XLNET: &[(&str, &str)] = &roles(["<s>", "</s>", "<unk>", "<sep>", "<pad>", "<cls>", "<mask>"]);
const GPT2: &[(&str, &str)] =
    &[("bos_token", "<|endoftext|>"), ("eos_token", "<|endoftext|>"), ("unk_token", "<|endoftext|>")];

const fn roles([bos, eos, unk, sep, pad, cls, mask]: [&'static str; 7]) -> [(&'static str, &'static str); 7] {
    [
        ("bos_token", bos),
        ("eos_token", eos),
        ("unk_token", unk),
        ("sep_token", sep),
        ("pad_token", pad),
        ("cls_token", cls),
        ("mask_token", mask),
    ]
}

const fn class(
    names: &'static [&'static str],
    model_types: &'static [&'static str],
    form: Form,
    token_types: bool,
    roles: &'static [(&'static str, &'static str)],
) -> Class {
    Class { names, model_types, form, token_types, roles }
}

const BERT_NAMES: &[&str] = &[
    "BertTokenizer",
    "ElectraTokenizer",
    "MobileBertTokenizer",
    "SqueezeBertTokenizer",
    "ConvBertTokenizer",
    "LayoutLMTokenizer",
    "LxmertTokenizer",
    "DPRQuestionEncoderTokenizer",
    "DPRContextEncoderTokenizer",
];
const BERT_TYPES: &[&str] = &[
    "bert",
    "distilbert",
    "electra",
    "mobilebert",
    "squeezebert",
    "convbert",
    "layoutlm",
    "lxmert",
    "megatron-bert",
    "ernie",
    "nezha",
    "nomic_bert",
];
const ROBERTA_NAMES: &[&str] =
    &["RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer", "MvpTokenizer"];
const ROBERTA_TYPES: &[&str] = &[
    "roberta",
    "bart",
    "data2vec-text",
    "longformer",
    "led",
    "mvp",
    "ibert",
    "lilt",
    "mega",
    "mra",
    "roberta-prelayernorm",
];
const XLM_ROBERTA_TYPES: &[&str] = &["xlm-roberta", "xmod", "gte", "jina_embeddings_v3"];

/// Model types for which a stated class does not count: their `tokenizer.json` is all there is.
const JSON_TYPES: &[&str] = &["modernbert", "modernbert-decoder", "nystromformer", "xlm-roberta-xl", "umt5"];

const CLASSES: &[Class] = &[
    class(&["TokenizersBackend", "PreTrainedTokenizerFast"], JSON_TYPES, Form::Json, false, &[]),
    class(BERT_NAMES, BERT_TYPES, Form::WordPiece, true, BERT),
    class(&["DistilBertTokenizer", "DPRReaderTokenizer"], &[], Form::WordPiece, false, BERT),
    class(&["MPNetTokenizer"], &["mpnet"], Form::WordPiece, false, MPNET),
    class(ROBERTA_NAMES, ROBERTA_TYPES, Form::BytePair, false, ROBERTA),
    class(&["DebertaTokenizer"], &["deberta"], Form::BytePair, true, DEBERTA),
    class(&["GPT2Tokenizer"], &["gpt2"], Form::BytePair, false, GPT2),
    class(&["XLMRobertaTokenizer"], XLM_ROBERTA_TYPES, Form::SentencePiece(Family::XlmRoberta), false, ROBERTA),
    class(&["CamembertTokenizer"], &["camembert"], Form::SentencePiece(Family::Camembert), false, ROBERTA),
    class(&["AlbertTokenizer"], &["albert", "yoso"], Form::SentencePiece(Family::Albert), false, ALBERT),
    class(&["DebertaV2Tokenizer"], &["deberta-v2"], Form::SentencePiece(Family::DebertaV2), true, DEBERTA),
    class(&["XLNetTokenizer"], &["xlnet"], Form::SentencePiece(Family::Xlnet), false, XLNET),
    class(&["PhobertTokenizer", "BertweetTokenizer"], &[], Form::Marked, false, ROBERTA),
    class(&["FNetTokenizer"], &["fnet"], Form::Json, true, ALBERT),
    class(&["MarkupLMTokenizer"], &["markuplm"], Form::Json, true, ROBERTA),
    class(&["LayoutLMv2Tokenizer"], &["layoutlmv2"], Form::Json, true, BERT),
];

/// Classes that `transformers` has in slow form only, and which are not built here, without `Tokenizer` behind the name.
const SLOW_ONLY: &[&str] = &[
    "Bartpho",
    "BertGeneration",
    "BertJapanese",
    "BioGpt",
    "BlenderbotSmall",
    "ByT5",
    "CTRL",
    "Canine",
    "Cpm",
    "CpmAnt",
    "Esm",
    "FSMT",
    "Flaubert",
    "GPTNeoXJapanese",
    "GPTSw3",
    "M2M100",
    "Marian",
    "MyT5",
    "PLBart",
    "Perceiver",
    "ProphetNet",
    "RoCBert",
    "Siglip",
    "SpeechT5",
    "Tapas",
    "XLM",
];

/// The class that files state, or that follows from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name without `Fast`, or the `model_type` of `config.json` that stands for one that is not known. None where
    /// no file says anything.
    pub name: Option<String>,
    /// What says so: file and field.
    pub stated_by: &'static str,
}

impl Found {
    /// `tokenizer_class` of `tokenizer_config.json`, else of `config.json`, else what the `model_type` there stands for.
    pub fn of(files: &SmallFiles, settings: &Map<String, Value>) -> Self {
        let config: Option<Map<String, Value>> =
            files.get("config.json").and_then(|config| serde_json::from_slice(config).ok());
        let text = |object: Option<&Map<String, Value>>, field: &str| {
            Some(object?.get(field)?.as_str()?.to_owned()).filter(|text| !text.is_empty())
        };
        let model_type = text(config.as_ref(), "model_type");
        let by_type = model_type.as_deref().and_then(Class::of_model_type);
        let stated = text(Some(settings), "tokenizer_class").map(|name| (name, "tokenizer_config.json"));
        let stated = stated.or_else(|| Some((text(config.as_ref(), "tokenizer_class")?, "config.json")));
        match (stated, by_type) {
            (Some((name, file)), by_type) if by_type.is_none_or(|class| class.model_types != JSON_TYPES) => {
                Found { name: Some(name.strip_suffix("Fast").unwrap_or(&name).to_owned()), stated_by: file }
            }
            (_, Some(class)) => Found { name: Some(class.names[0].to_owned()), stated_by: "config.json" },
            (_, None) => Found { name: model_type, stated_by: "config.json" },
        }
    }

    /// What is known of it; of a class that Python does not know either, what it takes in its place.
    pub fn class(&self) -> &'static Class {
        let name = self.name.as_deref().unwrap_or_default();
        let named =
            |class: &&Class| class.names.iter().any(|other| other.strip_suffix("Fast").unwrap_or(other) == name);
        CLASSES.iter().find(named).unwrap_or(&CLASSES[0])
    }

    /// Whether Python has the class in slow form only, and it is not built here.
    pub fn is_slow_only(&self) -> bool {
        let stem = self.name.as_deref().and_then(|name| name.strip_suffix("Tokenizer"));
        stem.is_some_and(|stem| SLOW_ONLY.contains(&stem))
    }
}

impl Class {
    fn of_model_type(model_type: &str) -> Option<&'static Class> {
        CLASSES.iter().find(|class| class.model_types.contains(&model_type))
    }

    /// Whether it takes spaces away before it cuts words: a text then has no token for a space at its end, and offsets
    /// begin at the word.
    pub fn ends_words_at_spaces(&self) -> bool {
        matches!(self.form, Form::SentencePiece(family) if family != Family::DebertaV2)
    }

    /// The first class of a form, which stands for it where no file says which it is.
    pub fn first_of(form: Form) -> &'static Class {
        CLASSES.iter().find(|class| class.form == form).unwrap_or(&CLASSES[0])
    }

    /// Whether its `mask_token` takes a space before it in, unless a file says otherwise.
    pub fn strips_before_mask(&self) -> bool {
        matches!(self.names[0], "MPNetTokenizer" | "CamembertTokenizer")
    }

    /// Whether it fills rows up from the left.
    pub fn pads_left(&self) -> bool {
        self.form == Form::SentencePiece(Family::Xlnet)
    }

    /// The token of a role, unless a file says otherwise.
    pub fn token(&self, role: &str) -> Option<&'static str> {
        self.roles.iter().find(|(other, _)| *other == role).map(|&(_, token)| token)
    }
}
