//! The tasks by name.

use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::sentences::modules::{ENCODER_SETTINGS, MODULES_FILE, Modules};
use crate::text::{SENTENCE_TRANSFORMERS, SMALL_FILES, SmallFiles};

/// A task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskName {
    /// See [`super::text_classification`].
    TextClassification,
    /// See [`super::zero_shot_classification`].
    ZeroShotClassification,
    /// See [`super::token_classification`].
    TokenClassification,
    /// See [`super::question_answering`].
    QuestionAnswering,
    /// See [`super::fill_mask`].
    FillMask,
    /// See [`super::feature_extraction`].
    FeatureExtraction,
    /// See [`super::multiple_choice`].
    MultipleChoice,
    /// See [`super::text_ranking`].
    TextRanking,
}

impl TaskName {
    /// Every task with its name, its head, and what its inputs look like.
    const TABLE: [(TaskName, &str, HeadKind, &str); 8] = [
        (
            TaskName::TextClassification,
            "text-classification",
            HeadKind::Sequence,
            r#"a text, or {"text": …, "text_pair": …}"#,
        ),
        (
            TaskName::ZeroShotClassification,
            "zero-shot-classification",
            HeadKind::Sequence,
            r#"a text, or {"sequence": …}"#,
        ),
        (
            TaskName::TokenClassification,
            "token-classification",
            HeadKind::Token,
            r#"a text, {"text": …}, or {"words": [word, …], "delimiter": " "}"#,
        ),
        (
            TaskName::QuestionAnswering,
            "question-answering",
            HeadKind::QuestionAnswering,
            r#"{"question": …, "context": …}"#,
        ),
        (TaskName::FillMask, "fill-mask", HeadKind::MaskedLm, r#"a text, or {"text": …}"#),
        (TaskName::FeatureExtraction, "feature-extraction", HeadKind::Base, r#"a text, or {"text": …}"#),
        (
            TaskName::MultipleChoice,
            "multiple-choice",
            HeadKind::MultipleChoice,
            r#"{"prompt": …, "choices": [text, …]}"#,
        ),
        (TaskName::TextRanking, "text-ranking", HeadKind::Sequence, r#"{"query": …, "documents": [text, …]}"#),
    ];

    /// Other names that `transformers` or transformers.js know.
    const ALIASES: [(&str, TaskName); 3] = [
        ("sentiment-analysis", TaskName::TextClassification),
        ("ner", TaskName::TokenClassification),
        ("embeddings", TaskName::FeatureExtraction),
    ];

    /// The task of this name.
    ///
    /// # Errors
    /// [`Error::Option`] that lists the names.
    pub fn parse(name: &str) -> Result<Self> {
        let names = Self::TABLE.iter().map(|&(task, known, ..)| (known, task)).chain(Self::ALIASES);
        let task = names.clone().find(|&(known, _)| known == name).map(|(_, task)| task);
        task.ok_or_else(|| Error::Option {
            option: "task".into(),
            value: format!("{name:?}"),
            supported: names.map(|(known, _)| known).collect::<Vec<_>>().join(", "),
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The head that it needs.
    pub fn head(self) -> HeadKind {
        self.row().2
    }

    /// What its inputs look like.
    pub(crate) fn form(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> &'static (TaskName, &'static str, HeadKind, &'static str) {
        const { assert!(Self::TABLE.len() == TaskName::TextRanking as usize + 1) };
        &Self::TABLE[self as usize]
    }

    /// Names, within the model's folder, of the small files that a load looks for. `modules_json` is what stands in
    /// `modules.json`, if there is one: only feature extraction needs it.
    ///
    /// # Errors
    /// Those of [`Modules::parse`].
    pub fn small_files(self, modules_json: Option<&[u8]>) -> Result<Vec<String>> {
        let mut names: Vec<String> = SMALL_FILES.iter().map(|&name| name.to_owned()).collect();
        match self {
            TaskName::FeatureExtraction => {
                let mut files = SmallFiles::default();
                if let Some(json) = modules_json {
                    files.insert(MODULES_FILE.into(), json.to_vec());
                }
                names = Modules::parse(&files)?.small_files();
            }
            TaskName::TextRanking => {
                names.extend([MODULES_FILE, SENTENCE_TRANSFORMERS, ENCODER_SETTINGS[0]].map(str::to_owned));
            }
            _ => {}
        }
        Ok(names)
    }
}
