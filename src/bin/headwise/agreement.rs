//! `headwise agreement`: how often a token classifier answers otherwise when its weights are kept in fewer bits.

use std::collections::HashSet;
use std::path::Path;

use headwise::Result;
use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::small_files;
use headwise::internals::kernels::Precision;
use headwise::internals::models::Model;
use headwise::internals::text::{Batch, Input, Tokenizer};
use headwise::internals::weights::LoadOptions;
use serde_json::{Value, json};

use super::file_error;

/// The tag of each token of a text, without the special ones.
type Tags = Vec<String>;

/// First token, one past the last one, and type of an entity.
type Span<'a> = (usize, usize, &'a str);

pub fn run(folder: &Path, texts: &Path) -> Result<()> {
    let text = std::fs::read_to_string(texts).map_err(|error| file_error(texts, error))?;
    let lines: Vec<&str> = text.lines().collect();
    let exact = tags(folder, Precision::Fp32, &lines)?;
    let compare = |precision: Precision| Ok(comparison(precision, &exact, &tags(folder, precision, &lines)?));
    let compared = [Precision::Fp16, Precision::Q8].map(compare).into_iter().collect::<Result<Vec<_>>>()?;
    let report = json!({
        "texts": lines.len(),
        "tokens": exact.iter().map(Vec::len).sum::<usize>(),
        "entities": exact.iter().map(|tags| entities(tags).len()).sum::<usize>(),
        "compared": compared,
    });
    super::print_line(format_args!("{report:#}"))?;
    Ok(())
}

/// The tags of each line, which is computed by itself.
fn tags(folder: &Path, precision: Precision, lines: &[&str]) -> Result<Vec<Tags>> {
    let options = LoadOptions { precision: precision.into(), ..LoadOptions::default() };
    let model = Model::open(folder, HeadKind::Token, options)?;
    super::warn(folder, &model.warnings());
    let tokenizer = Tokenizer::from_files(&small_files(folder)?, model.config.type_vocab_size)?;
    let tokenizer = model.config.fit(tokenizer)?;
    let tags_of = |&line: &&str| {
        let tokens = tokenizer.encode(&Input::from(line))?;
        let mut batch = Batch::default();
        batch.push(&tokens.input_ids, &tokens.token_type_ids);
        let logits = model.forward(&batch)?.to_vec2::<f32>()?;
        let words = logits.iter().zip(&tokens.offsets).filter(|(_, (start, end))| start < end);
        let best = |logits: &[f32]| (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        Ok(words.filter_map(|(logits, _)| best(logits)).map(|label| model.labels[label].clone()).collect())
    };
    lines.iter().map(tags_of).collect()
}

/// What is other than in `exact`: tags of tokens, and entities that are only in one of the two.
fn comparison(precision: Precision, exact: &[Tags], other: &[Tags]) -> Value {
    let (mut changed, mut lost, mut gained) = (0, 0, 0);
    for (exact, other) in exact.iter().zip(other) {
        changed += exact.iter().zip(other).filter(|(exact, other)| exact != other).count();
        let (exact, other) = (entities(exact), entities(other));
        lost += exact.difference(&other).count();
        gained += other.difference(&exact).count();
    }
    json!({"dtype": precision.name(), "other_tags": changed, "entities_lost": lost, "entities_gained": gained})
}

/// The entities of tags in the scheme BIO. As everywhere, `I-` begins one where none of its type is open.
fn entities(tags: &[String]) -> HashSet<Span<'_>> {
    let mut found = HashSet::new();
    let mut open: Option<Span> = None;
    for (token, tag) in tags.iter().enumerate() {
        let (prefix, kind) = tag.split_once('-').unwrap_or(("O", ""));
        open = match open {
            Some((first, _, of)) if prefix == "I" && kind == of => Some((first, token + 1, of)),
            ended => {
                found.extend(ended);
                (prefix != "O").then_some((token, token + 1, kind))
            }
        };
    }
    found.extend(open);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_begin_with_b_or_with_another_type() {
        let tags = ["I-A", "O", "B-A", "I-A", "B-A", "I-B", "I-B", "O", "O", "B-B"].map(str::to_owned);
        let expected = [(0, 1, "A"), (2, 4, "A"), (4, 5, "A"), (5, 7, "B"), (9, 10, "B")];
        assert_eq!(entities(&tags), expected.into());
        let other = ["O", "O", "B-A", "I-A", "I-A", "I-B", "I-B", "O", "O", "I-B"].map(str::to_owned);
        let compared = comparison(Precision::Q8, &[tags.to_vec()], &[other.to_vec()]);
        let expected = json!({"dtype": "q8", "other_tags": 3, "entities_lost": 3, "entities_gained": 1});
        assert_eq!(compared, expected);
    }
}
