//! `headwise evaluate`: F1 scores of a multi-label classifier on labelled texts.

use std::path::Path;
use std::sync::Arc;

use headwise::Result;
use headwise::internals::tasks::TaskName;
use headwise::internals::tasks::text_classification::Options;
use headwise::internals::text::Input;
use headwise::internals::text_model::TextModel;
use headwise::internals::weights::Choice;
use serde_json::json;

use super::file_error;

/// Texts classified in one call.
const BATCH: usize = 64;

/// One line of the data.
struct Example {
    text: String,
    labels: Vec<usize>,
}

/// How often a label was given, was true, and both.
#[derive(Clone, Copy, Default)]
struct Count {
    given: usize,
    truth: usize,
    both: usize,
}

impl Count {
    /// Harmonic mean of precision and recall; 0 for a label that was never given nor true.
    fn f1(self) -> f64 {
        2.0 * self.both as f64 / (self.given + self.truth).max(1) as f64
    }
}

pub fn run(folder: &Path, data: &Path, threshold: f32, precision: Choice) -> Result<()> {
    let classifier = Arc::new(TextModel::open(folder, TaskName::TextClassification, precision)?);
    super::warn(folder, &classifier.warnings());
    let examples = read(data, classifier.model.labels.len())?;
    let mut counts = vec![Count::default(); classifier.model.labels.len()];
    let mut best_is_true = 0;
    for examples in examples.chunks(BATCH) {
        for (example, scores) in examples.iter().zip(scores(&classifier, examples)?) {
            for (label, (count, &score)) in counts.iter_mut().zip(&scores).enumerate() {
                let (given, truth) = (score > threshold, example.labels.contains(&label));
                count.given += usize::from(given);
                count.truth += usize::from(truth);
                count.both += usize::from(given && truth);
            }
            let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
            best_is_true += usize::from(best.is_some_and(|best| example.labels.contains(&best)));
        }
    }
    let total = counts.iter().fold(Count::default(), |sum, count| Count {
        given: sum.given + count.given,
        truth: sum.truth + count.truth,
        both: sum.both + count.both,
    });
    let digits = |number: f64| (number * 1e4).round() / 1e4;
    let report = json!({
        "texts": examples.len(),
        "threshold": threshold,
        "micro_f1": digits(total.f1()),
        "macro_f1": digits(counts.iter().map(|count| count.f1()).sum::<f64>() / counts.len() as f64),
        "top1_is_a_true_label": digits(best_is_true as f64 / examples.len().max(1) as f64),
    });
    super::print_line(format_args!("{report:#}"))?;
    Ok(())
}

/// Scores of each example in the order of the model's labels.
fn scores(classifier: &Arc<TextModel>, examples: &[Example]) -> Result<Vec<Vec<f32>>> {
    let inputs: Vec<Input> = examples.iter().map(|example| Input::from(example.text.as_str())).collect();
    let results = classifier.classify(&inputs, Options { top_k: None, ..Options::default() })?;
    let in_order = |ranked: Vec<headwise::internals::tasks::text_classification::Label>| {
        let score = |name: &String| ranked.iter().find(|label| label.label == *name).map_or(0.0, |label| label.score);
        classifier.model.labels.iter().map(score).collect()
    };
    Ok(results.into_iter().map(in_order).collect())
}

fn read(path: &Path, labels: usize) -> Result<Vec<Example>> {
    let text = std::fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    let example = |(number, line): (usize, &str)| {
        let mut columns = line.split('\t');
        let (text, ids) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        let ids: Option<Vec<usize>> = ids.split(',').map(|id| id.parse().ok().filter(|&id| id < labels)).collect();
        match ids {
            Some(labels) => Ok(Example { text: text.to_owned(), labels }),
            None => {
                Err(file_error(path, format!("line {}: expected a text, a tab and numbers below {labels}", number + 1)))
            }
        }
    };
    text.lines().enumerate().map(example).collect()
}
