//! Whole models, from their files to labels: an error or finite scores.

#![no_main]

use std::sync::Arc;

use headwise::Result;
use headwise::internals::kernels::Precision;
use headwise::internals::architectures::HeadKind;
use headwise::internals::text_model::TextModel;
use headwise::internals::tasks::text_classification::{Label, Options};
use headwise::internals::text::{Input, SMALL_FILES, SmallFiles};
use headwise::internals::weights::{Choice, Index, LoadOptions, MODEL_FILE, NewHead};
use headwise_fuzz::archive::Archive;
use headwise_fuzz::fixtures::complete;
use headwise_fuzz::mutate::{Draw, document};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// Most bytes that weights may take: those of the fixtures are far smaller.
const MEMORY: u64 = 16 << 20;

/// What meets all parts of a tokenizer: cases, accents, scripts, digits, spaces, a ligature, a
/// control character, characters of one to four bytes and graphemes of several characters.
const TEXT: &str =
    "The dog and  the fox, Déjà\u{301} vu! ﬁ １２3\u{7}\n中文 か\u{3099} 🙂👩‍👩‍👧 don't [MASK] <s> unaffable";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(labels) = classify(&Archive::unpack(bytes)) {
        assert!(labels.iter().flatten().all(|label| label.score.is_finite()));
    }
});

fn classify(archive: &Archive) -> Result<Vec<Vec<Label>>> {
    let mut files = SmallFiles::default();
    for (name, contents) in archive.folder.iter().filter(|(name, _)| SMALL_FILES.contains(&name.as_str())) {
        files.insert(name.clone(), contents.clone());
    }
    let (head, options) = (HeadKind::Sequence, load_options(archive.options));
    let mut loader = TextModel::load(head, &files, Index::single_file(), options, None)?;
    let beginning = archive.folder.get(MODEL_FILE).map_or(&[][..], Vec::as_slice);
    for piece in complete(beginning).chunks(1_000) {
        loader.push(0, piece)?;
    }
    let classifier = Arc::new(loader.finish()?);
    let pair = Input { text: TEXT.into(), text_pair: Some("\u{7}Two texts.".into()) };
    let options = Options { truncation: true, ..Options::default() };
    let mut labels = classifier.classify(&[TEXT.into()], options.clone())?;
    labels.extend(classifier.classify(&["".into()], options.clone()).unwrap_or_default());
    labels.extend(classifier.classify(&[pair], options).unwrap_or_default());
    Ok(labels)
}

fn load_options(number: u8) -> LoadOptions {
    let fixed = [Precision::Fp32, Precision::Fp16, Precision::Q8].map(Choice::Fixed);
    LoadOptions {
        precision: fixed.get(usize::from(number % 4)).copied().unwrap_or_default(),
        max_memory: Some(MEMORY),
        new_head: (number & 4 != 0).then_some(NewHead { seed: 0 }),
        convert: false,
    }
}

// Mostly changes one value of one file, which is nearly always JSON.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut archive = Archive::unpack(&data[..size]);
    let mut draw = Draw(seed.into());
    let chosen = draw.below(archive.folder.len());
    let contents =
        archive.folder.iter_mut().filter(|(name, _)| *name != MODEL_FILE).map(|(_, contents)| contents).nth(chosen);
    if let Some(contents) = contents
        && let Some(mutated) = document(contents, draw.below(1 << 32) as u32)
    {
        *contents = mutated;
        let packed = archive.pack();
        if packed.len() <= max_size {
            data[..packed.len()].copy_from_slice(&packed);
            return packed.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});
