//! Token ids, types and offsets of Python, from `tests/golden/generate_tokenizers.py`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use headwise::Error;
use headwise::internals::folder::small_files;
use headwise::internals::models::Config;
use headwise::internals::text::{Input, SMALL_FILES, Shortened, SmallFiles, Tokenizer, Tokens};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    text_pair: Option<String>,
    max_length: Option<usize>,
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    /// Absent where Python has none.
    offsets: Option<Vec<(usize, usize)>>,
    /// What the ids stand for, with special tokens and without; where Python has no offsets.
    decoded: Option<String>,
    text_only: Option<String>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tokenizers").join(name)
}

fn agrees_with_python(name: &str, files: &SmallFiles) {
    let expected = std::fs::read(folder(name).join("expected.json")).expect("expected ids");
    let expected: Expected = serde_json::from_slice(&expected).expect("readable ids");
    for case in expected.cases {
        let Case { text, text_pair, max_length, ids, type_ids, offsets, decoded, text_only } = case;
        let mut tokenizer = Tokenizer::from_files(files, 2).expect("a tokenizer").with_token_types();
        if let Some(max_length) = max_length {
            tokenizer = tokenizer.truncate_to(max_length).expect("room for a text");
        }
        let input = Input { text, text_pair };
        let tokens = tokenizer.encode(&input).expect("tokens");
        let about = format!("{name} {max_length:?} {:.60?} {:?}", input.text, input.text_pair);
        assert_eq!(tokens.input_ids, ids, "{about}");
        assert_eq!(tokens.token_type_ids, type_ids, "{about}");
        match offsets {
            Some(offsets) => assert_eq!(tokens.offsets, offsets, "{about}"),
            None if name == "bertweet-tweets" => {} // Spelled otherwise than it stands there; see below.
            None => cuts_what_it_reads(&tokenizer, &input, &tokens, &about),
        }
        for (skip_special, expected) in [(false, decoded), (true, text_only)] {
            let decoded = tokenizer.decode(&tokens.input_ids, skip_special).expect("a text");
            assert_eq!(decoded, expected.unwrap_or(decoded.clone()), "{about}");
        }
    }
}

/// Offsets that Python does not give: they cut the text of each piece out of the whole, and all that is no white space
/// is in one of them.
fn cuts_what_it_reads(tokenizer: &Tokenizer, input: &Input, tokens: &Tokens, about: &str) {
    let texts = [Some(input.text.as_str()), input.text_pair.as_deref()];
    let texts = texts.map(|text| text.unwrap_or_default().chars().collect::<Vec<char>>());
    let mut read = texts.each_ref().map(|text| vec![false; text.len()]);
    for (place, &(start, end)) in tokens.offsets.iter().enumerate() {
        let Some(text) = tokens.sequence_ids[place].map(usize::from) else {
            assert_eq!((start, end, tokens.word_ids[place]), (0, 0, None), "{about}");
            continue;
        };
        read[text][start..end].fill(true);
        let cut: String = texts[text][start..end].iter().collect();
        let piece = tokenizer.token(tokens.input_ids[place]);
        let same_word = tokens.word_ids.get(place + 1) == Some(&tokens.word_ids[place]);
        if piece != "<unk>" {
            let (cut, mark) = (cut.trim(), if same_word { "@@" } else { "" });
            let shortened = tokens.kept.truncated && piece == format!("{cut}@@");
            assert!(piece == format!("{cut}{mark}") || shortened, "{about}: {piece:?} for {cut:?}");
        }
    }
    if !tokens.kept.truncated {
        let unread = texts.iter().zip(&read).flat_map(|(text, read)| text.iter().zip(read)).filter(|(_, read)| !**read);
        let unread: String = unread.map(|(character, _)| character).collect();
        assert!(unread.chars().all(|left| left.is_whitespace() || ('\x1c'..='\x1f').contains(&left)), "{about}");
    }
}

#[test]
fn tokenizer_json_gives_the_ids_of_python() {
    for name in ["wordpiece", "bpe", "xlm-roberta"] {
        agrees_with_python(name, &small_files(&folder(name)).expect("files"));
    }
}

#[test]
fn the_class_of_xlm_roberta_takes_spaces_away_whatever_the_file_says() {
    let mut files = small_files(&folder("xlm-roberta")).expect("files");
    let mut file: serde_json::Value =
        serde_json::from_slice(files.get("tokenizer.json").expect("a file")).expect("JSON");
    file["pre_tokenizer"] = json!({"type": "Metaspace", "replacement": "▁", "add_prefix_space": true});
    files.insert("tokenizer.json".into(), file.to_string().into_bytes());
    agrees_with_python("xlm-roberta", &files);
}

#[test]
fn vocabularies_give_the_ids_of_python() {
    let names = std::fs::read_dir(folder("")).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    for name in names.map(|name| name.into_string().expect("a name")) {
        agrees_with_python(&name, &without_json(&name));
    }
}

/// The files of a tokenizer without its `tokenizer.json`.
fn without_json(name: &str) -> SmallFiles {
    let files = small_files(&folder(name)).expect("files");
    let mut slow = SmallFiles::default();
    for file in SMALL_FILES.iter().filter(|&&file| file != "tokenizer.json") {
        if let Some(contents) = files.get(file) {
            slow.insert((*file).into(), contents.to_vec());
        }
    }
    slow
}

#[test]
fn stated_settings_win_over_tokenizer_json() {
    let with = |name: &str, settings: &str| {
        let mut files = small_files(&folder(name)).expect("files");
        files.insert("tokenizer_config.json".into(), settings.as_bytes().to_vec());
        Tokenizer::from_files(&files, 2).expect("a tokenizer")
    };
    let ids = |tokenizer: Tokenizer, text: &str| tokenizer.encode(&Input::from(text)).expect("tokens").input_ids;
    let silent = || with("wordpiece", "{}");
    assert_eq!(ids(silent(), "The Dog"), ids(silent(), "the dog"));
    let cased = || with("wordpiece", r#"{"do_lower_case": false}"#);
    assert_ne!(ids(cased(), "The Dog"), ids(cased(), "the dog"));
    let accents = || with("wordpiece", r#"{"strip_accents": false}"#);
    assert_ne!(ids(accents(), "café"), ids(accents(), "cafe"));
    let prefixed = || with("bpe", r#"{"add_prefix_space": true}"#);
    assert_eq!(ids(prefixed(), "dog"), ids(with("bpe", "{}"), " dog"));
    let offsets = |tokenizer: Tokenizer| tokenizer.encode(&Input::from("a dog")).expect("tokens").offsets;
    assert_eq!(offsets(with("bpe", "{}"))[2].0, 2);
    assert_eq!(offsets(with("bpe", r#"{"trim_offsets": false}"#))[2].0, 1);
    // Special tokens that are not in the file come behind its vocabulary; those that are pieces keep their ids.
    let extra = || with("wordpiece", r#"{"extra_special_tokens": ["<e1>", "dog"]}"#);
    let dog = ids(silent(), "dog")[1];
    assert_eq!(ids(extra(), "<e1>dogs")[1..3], [400, dog]);
}

#[test]
fn listed_properties_of_tokens_win_over_tokenizer_json() {
    let mut files = small_files(&folder("wordpiece")).expect("files");
    let offsets = |files: &SmallFiles, text: &str| {
        let tokenizer = Tokenizer::from_files(files, 2).expect("a tokenizer");
        tokenizer.encode(&Input::from(text)).expect("tokens").offsets
    };
    assert_eq!(offsets(&files, "a [MASK] b")[2], (2, 8));
    let mask = r#"{"added_tokens_decoder": {"4": {"content": "[MASK]", "lstrip": true, "special": true}}}"#;
    files.insert("tokenizer_config.json".into(), mask.into());
    assert_eq!(offsets(&files, "a [MASK] b")[2], (1, 8));
}

#[test]
fn what_is_kept_of_a_long_text_is_told_in_characters() {
    let tokenizer = Tokenizer::from_files(&small_files(&folder("wordpiece")).expect("files"), 2).expect("a tokenizer");
    let tokenizer = tokenizer.truncate_to(8).expect("room for a text");
    let text = "the dog 🎉 and the fox and the dog and the fox";
    let whole = tokenizer.encode(&Input::from("the dog")).expect("tokens").kept;
    assert_eq!((whole.truncated, whole.text_end), (false, 7));
    let tokens = tokenizer.encode(&Input::from(text)).expect("tokens");
    assert_eq!(tokens.input_ids.len(), 8);
    assert!(tokens.kept.truncated);
    assert_eq!(tokens.kept.text_end, tokens.offsets[6].1);
    let pair = tokenizer.encode(&Input { text: text.into(), text_pair: Some("the fox".into()) }).expect("tokens");
    assert!(pair.kept.truncated && pair.kept.text_end < tokens.kept.text_end);
    let refused = tokenizer.encode_input(3, &Input::from(text), false).expect_err("too long");
    assert!(matches!(refused, Error::Input { input: 3, reason } if reason.contains("8 tokens")));
    let tiny = tokenizer.truncate_to(3).expect("room for one token");
    assert_eq!(tiny.encode(&Input::from(text)).expect("tokens").input_ids.len(), 3);
    let pair = Input { text: text.into(), text_pair: Some("the fox".into()) };
    assert_eq!(tiny.encode(&pair).expect_err("no room").code(), "tokenizer");
    assert_eq!(tiny.truncate_to(2).expect_err("no room").code(), "tokenizer");
}

/// The bytes of a `precompiled_charsmap`, in which every node has a block of 256 units.
fn charsmap(replacements: &[(&str, &str)]) -> Vec<u8> {
    let mut nodes: Vec<&[u8]> = vec![b""];
    let mut units = vec![0_u32; 256];
    let mut texts = Vec::new();
    for (from, to) in replacements {
        for length in 1..=from.len() {
            let node = &from.as_bytes()[..length];
            if nodes.contains(&node) {
                continue;
            }
            let parent = nodes.iter().position(|known| *known == &node[..length - 1]).expect("the node above") << 8;
            let (position, block) = (parent | usize::from(node[length - 1]), units.len());
            let is_leaf = u32::from(length == from.len()) << 8;
            units[position] = (((position ^ block) as u32) << 10) | is_leaf | u32::from(node[length - 1]);
            units.resize(block + 256, 0x8000_0000);
            units[block] |= texts.len() as u32;
            nodes.push(node);
        }
        texts.extend_from_slice(to.as_bytes());
        texts.push(0);
    }
    let length = (units.len() as u32 * 4).to_le_bytes();
    length.into_iter().chain(units.into_iter().flat_map(u32::to_le_bytes)).chain(texts).collect()
}

fn with_charsmap(charsmap: &[u8]) -> headwise::Result<Tokenizer> {
    let tokenizer = json!({
        "version": "1.0",
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": BASE64_STANDARD.encode(charsmap)},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [["?", 0.0], ["fi", -1.0], ["T", -1.0], ["tea", -1.0]]},
    });
    let mut files = SmallFiles::default();
    files.insert("tokenizer.json".into(), tokenizer.to_string().into_bytes());
    Tokenizer::from_files(&files, 2)
}

/// The crate follows the table without looking, and panics beyond its end: [`with_charsmap`] has to
/// refuse what would lead there.
#[test]
fn damaged_tables_of_replacements_are_refused_or_harmless() {
    let good = charsmap(&[("ﬁ", "fi"), ("T", "tea"), ("Té", ""), ("é", "e")]);
    let ids = with_charsmap(&good).expect("a tokenizer").encode(&"ﬁT".into()).expect("tokens").input_ids;
    assert_eq!(ids, [1, 3]);
    let mut random = StdRng::seed_from_u64(5);
    let used: Vec<usize> = (0..good.len()).filter(|&byte| byte < 4 || !matches!(good[byte], 0 | 0x80)).collect();
    let (mut refused, mut harmless) = (0, 0);
    for _ in 0..4_000 {
        let mut damaged = good.clone();
        for _ in 0..random.random_range(1..4) {
            let byte = match random.random_bool(0.7) {
                true => used[random.random_range(0..used.len())],
                false => random.random_range(0..good.len()),
            };
            damaged[byte] ^= 1 << random.random_range(0..8);
        }
        match with_charsmap(&damaged) {
            Err(error) => {
                assert_eq!(error.code(), "tokenizer");
                refused += 1;
            }
            Ok(tokenizer) => {
                for text in ["ﬁT", "T", "Té", "TTTT", "ét", "ﬂ", "\u{ef}\u{ac}ｅ🙂", "tea é\u{301}T\u{301}"] {
                    tokenizer.encode(&text.into()).expect("tokens");
                }
                harmless += 1;
            }
        }
    }
    assert!(refused > 400 && harmless > 400, "{refused} refused, {harmless} harmless");
}

/// A text of up to `most` characters.
fn random_text(random: &mut StdRng, characters: &[char], most: usize) -> String {
    (0..random.random_range(1..=most)).map(|_| characters.choose(random).expect("a character")).collect()
}

#[test]
fn unigram_cuts_words_as_the_crate_does() {
    let mut random = StdRng::seed_from_u64(7);
    for case in 0..300 {
        // Few characters and scores: equal pieces, ties and unknown characters are common.
        let mut vocabulary = vec![json!(["<unk>", 0.0]), json!(["<0xC3>", -9.0]), json!(["<0xA9>", -9.0])];
        for _ in 0..random.random_range(0..40) {
            let piece = random_text(&mut random, &['a', 'b', 'é', '中', '▁'], 4);
            vocabulary.push(json!([piece, -0.5 * f64::from(random.random_range(-4..12))]));
        }
        let byte_fallback = case % 2 == 0;
        let json = json!({
            "version": "1.0",
            "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
            "model": {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": byte_fallback},
        })
        .to_string();
        let crates: tokenizers::Tokenizer = json.parse().expect("a tokenizer");
        let mut files = SmallFiles::default();
        files.insert("tokenizer.json".into(), json.clone().into_bytes());
        let ours = Tokenizer::from_files(&files, 2).expect("a tokenizer");
        for _ in 0..20 {
            let text = random_text(&mut random, &['a', 'b', 'é', '中', ' ', 'x', '😀', '<'], 24);
            let expected = crates.encode_char_offsets(text.as_str(), true).expect("tokens");
            let tokens = ours.encode(&Input::from(text.as_str())).expect("tokens");
            assert_eq!(tokens.input_ids, expected.get_ids(), "{text:?} {json}");
            assert_eq!(tokens.offsets, expected.get_offsets(), "{text:?} {json}");
        }
    }
}

#[test]
fn damaged_sentencepiece_is_refused_or_read_but_never_fatal() {
    let mut random = StdRng::seed_from_u64(7);
    let texts = ["ﬁrst … ½ e\u{301}\u{200b}\u{100}", "the quick\tbrown\u{3000}fox ①㎏ 𝓐", "naïve ÄÖÜ 中文 😀"];
    let whole = without_json("xlm-roberta");
    let model = whole.get("sentencepiece.bpe.model").expect("a model").to_vec();
    let (mut refused, mut read) = (0, 0);
    for _ in 0..3000 {
        let mut damaged = model.clone();
        for _ in 0..random.random_range(1..4) {
            // Most of what can go wrong is in the table of rules, at the end.
            let from = if random.random() { 0 } else { model.len() - 1100 };
            let place = random.random_range(from..model.len());
            damaged[place] = random.random();
        }
        if random.random_range(0..8) == 0 {
            damaged.truncate(random.random_range(0..model.len()));
        }
        let mut files = whole.clone();
        files.insert("sentencepiece.bpe.model".into(), damaged);
        match Tokenizer::from_files(&files, 2) {
            Ok(tokenizer) => {
                read += 1;
                for text in texts {
                    tokenizer.encode(&Input::from(text)).expect("tokens");
                }
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.code(), "tokenizer");
            }
        }
    }
    assert!(refused > 100 && read > 100, "{refused} refused, {read} read");
}

#[test]
fn files_of_classes_without_a_fast_form_are_read_as_python_reads_them() {
    let with = |changes: &[(&str, Option<serde_json::Value>)]| {
        let mut files = SmallFiles::default();
        files.insert("vocab.txt".into(), b"the 5\nqu@@ 4\nick 3\nfo@@ 2\nx 2\na 1\nb@@ 1\n".to_vec());
        files.insert("bpe.codes".into(), b"t h 10\nth e</w> 9\nq u 8\ni c 7\nic k</w> 6\nf o 5\n".to_vec());
        files.insert(
            "config.json".into(),
            br#"{"model_type": "roberta", "tokenizer_class": "PhobertTokenizer"}"#.into(),
        );
        for (name, contents) in changes {
            let contents = contents.as_ref().map(|contents| match contents.as_str() {
                Some(text) => text.to_owned(),
                None => contents.to_string(),
            });
            files.insert((*name).into(), contents.unwrap_or_default().into_bytes());
        }
        Tokenizer::from_files(&files, 1).expect("a tokenizer")
    };
    let settings = |settings: serde_json::Value| with(&[("tokenizer_config.json", Some(settings))]);
    let mask = |lstrip: bool| json!({"content": "<mask>", "lstrip": lstrip, "normalized": true, "special": true});
    let vocabulary = |lines: &str| with(&[("vocab.txt", Some(lines.into()))]);
    let json = json!({
        "version": "1.0",
        "added_tokens": [
            {"id": 11, "content": "<mask>", "lstrip": true, "rstrip": false, "single_word": false, "normalized": true, "special": true},
            {"id": 30, "content": "NEW", "lstrip": false, "rstrip": false, "single_word": false, "normalized": true, "special": false},
        ],
        "model": {"type": "WordLevel", "vocab": {"a": 0, "<unk>": 1}, "unk_token": "<unk>"},
    });
    // What transformers 5.24 gives for "a\n<mask> x the" and "x,NEW a NEW the".
    let text = ["a\n<mask> x the", "x,NEW a NEW the"];
    let plain = [vec![0, 3, 3, 11, 8, 4, 2], vec![0, 3, 3, 3, 3, 3, 9, 3, 3, 3, 4, 2]];
    let listed = json!({"added_tokens_decoder": {"11": mask(true), "12": {"content": "NEW"}}});
    let cases = [
        ("plain", with(&[]), plain.clone()),
        (
            "what is said of a role",
            with(&[("special_tokens_map.json", Some(json!({"mask_token": mask(true)})))]),
            plain.clone(),
        ),
        ("what is listed", settings(listed), [vec![0, 9, 11, 8, 4, 2], vec![0, 3, 3, 12, 9, 12, 4, 2]]),
        (
            "added_tokens.json",
            with(&[("added_tokens.json", Some(json!({"<mask>": 20, "NEW": 15})))]),
            [vec![0, 3, 3, 20, 8, 4, 2], vec![0, 3, 3, 15, 9, 15, 4, 2]],
        ),
        (
            "tokens without a role",
            settings(json!({"extra_special_tokens": ["NEW", "the"]})),
            [vec![0, 3, 3, 11, 8, 4, 2], vec![0, 3, 3, 12, 9, 12, 4, 2]],
        ),
        (
            "no mask",
            settings(json!({"mask_token": null})),
            [vec![0, 3, 3, 3, 3, 3, 3, 3, 3, 8, 4, 2], plain[1].clone()],
        ),
        (
            "another beginning",
            settings(json!({"bos_token": "</s>"})),
            [vec![10, 3, 3, 11, 7, 3, 2], vec![10, 3, 3, 3, 3, 3, 8, 3, 3, 3, 3, 2]],
        ),
        (
            "pieces that are there twice",
            vocabulary("a 1\nx 1\na 1\nthe 1\n<unk> 3\nNEW 1\n"),
            [vec![0, 7, 7, 8, 5, 6, 2], vec![0, 7, 7, 7, 7, 7, 6, 7, 7, 7, 6, 2]],
        ),
        (
            "a tokenizer.json",
            with(&[("tokenizer.json", Some(json))]),
            [vec![0, 9, 11, 8, 4, 2], vec![0, 3, 3, 30, 9, 30, 4, 2]],
        ),
        ("BERTweet's class", settings(json!({"tokenizer_class": "BertweetTokenizer"})), plain.clone()),
    ];
    for (name, tokenizer, expected) in cases {
        for (text, expected) in text.into_iter().zip(expected) {
            assert_eq!(tokenizer.encode(&Input::from(text)).expect("tokens").input_ids, expected, "{name} {text:?}");
        }
        assert_eq!(tokenizer.warnings().is_empty(), name != "a tokenizer.json", "{name} {:?}", tokenizer.warnings());
    }
    // What no vocabulary has stands for an unknown token; an empty second text is a text.
    let tokenizer = with(&[]);
    assert_eq!(tokenizer.decode(&[5, 99, 6, 7, 3, 4], false).expect("a text"), "qu<unk> ick fo<unk> the");
    assert_eq!(tokenizer.decode(&[5, 6, 3, 2, 4], true).expect("a text"), "quick the");
    assert_eq!(tokenizer.decode(&[0, 5, 99, 6, 3, 2, 4], true).expect("a text"), "qu<unk> ick the");
    let pair = Input { text: "the".into(), text_pair: Some(String::new()) };
    assert_eq!(tokenizer.encode(&pair).expect("tokens").input_ids, [0, 4, 2, 2, 2]);
    let odd = with(&[("bpe.codes", Some("t h 1\nth e</w>\na b c d\n\nx y 3".into()))]);
    assert!(odd.warnings()[0].contains("3 of the 4 lines of bpe.codes join nothing"), "{:?}", odd.warnings());
}

#[derive(Deserialize)]
struct Classes {
    texts: Vec<String>,
    pair: [String; 2],
    cases: Vec<ClassCase>,
}

#[derive(Deserialize)]
struct ClassCase {
    case: String,
    of: String,
    taken: Vec<String>,
    files: BTreeMap<String, String>,
    parts: Map<String, Value>,
    right: Right,
}

#[derive(Deserialize)]
struct Right {
    class: String,
    ids: Vec<Vec<u32>>,
    pair: Vec<u32>,
    types: Vec<u32>,
    gives_types: bool,
    special: [Option<u32>; 5],
    pads_left: bool,
    max_length: Option<usize>,
}

impl ClassCase {
    fn files(&self) -> SmallFiles {
        let whole = small_files(&folder(&self.of)).expect("files");
        let mut files = SmallFiles::default();
        for name in &self.taken {
            files.insert(name.clone(), whole.get(name).expect("a file").to_vec());
        }
        for (name, text) in &self.files {
            files.insert(name.clone(), text.clone().into_bytes());
        }
        if !self.parts.is_empty() {
            let mut json: Map<String, Value> =
                serde_json::from_slice(whole.get("tokenizer.json").expect("a file")).expect("JSON");
            json.extend(self.parts.clone());
            files.insert("tokenizer.json".into(), Value::from(json).to_string().into_bytes());
        }
        files
    }
}

#[test]
fn the_class_decides_what_files_leave_open() {
    let classes = std::fs::read(folder("../tokenizer_classes.json")).expect("classes");
    let Classes { texts, pair: [text, text_pair], cases } = serde_json::from_slice(&classes).expect("readable classes");
    for case in &cases {
        let (name, right) = (format!("{}: {}", case.case, case.right.class), &case.right);
        let tokenizer = Tokenizer::from_files(&case.files(), 2).expect(&name);
        let special = tokenizer.special();
        // Where no file and no class gives a role, ours have those that the files mark.
        if right.special.iter().any(Option::is_some) && right.class != "GPT2Tokenizer" {
            let special = [special.cls, special.mask, special.pad, special.sep, special.unknown];
            assert_eq!(special, right.special, "{name}");
        }
        assert_eq!(tokenizer.gives_token_types(), right.gives_types, "{name}");
        let types_left_aside = right.types.contains(&1) && !right.gives_types;
        let says_so = tokenizer.warnings().iter().any(|warning| warning.contains("token type 0"));
        assert_eq!(says_so, types_left_aside, "{name}");
        assert_eq!(tokenizer.pads_left(), right.pads_left, "{name}");
        assert_eq!(tokenizer.model_max_length(), right.max_length, "{name}");
        let tokenizer = tokenizer.with_token_types();
        for (text, ids) in texts.iter().zip(&right.ids) {
            assert_eq!(
                &tokenizer.encode(&Input::from(text.as_str())).expect("tokens").input_ids,
                ids,
                "{name} {text:?}"
            );
        }
        let pair = tokenizer.encode(&Input { text: text.clone(), text_pair: Some(text_pair.clone()) }).expect("tokens");
        assert_eq!((&pair.input_ids, &pair.token_type_ids), (&right.pair, &right.types), "{name}");
    }
}

#[test]
fn classes_that_are_not_built_are_refused_wherever_they_stand() {
    let cases = [
        ("tokenizer_config.json", json!({"tokenizer_class": "BertJapaneseTokenizer"})),
        ("config.json", json!({"model_type": "bert", "tokenizer_class": "BertJapaneseTokenizer"})),
        ("tokenizer_config.json", json!({"tokenizer_class": "CanineTokenizer"})),
        ("config.json", json!({"model_type": "bert", "tokenizer_class": "RoCBertTokenizer"})),
    ];
    for (file, contents) in cases {
        for taken in ["vocab.txt", "tokenizer.json"] {
            let whole = small_files(&folder("wordpiece")).expect("files");
            let mut files = SmallFiles::default();
            files.insert(taken.into(), whole.get(taken).expect("a file").to_vec());
            files.insert(file.into(), contents.to_string().into_bytes());
            let error = Tokenizer::from_files(&files, 2).expect_err("no such class").to_string();
            let class = contents["tokenizer_class"].as_str().expect("a class");
            assert!(error.contains(&format!("{file} states the class {class}")), "{error}");
        }
    }
    // Of this model type, Python reads the tokenizer.json whatever class is stated.
    let mut files = small_files(&folder("wordpiece")).expect("files");
    files.insert("config.json".into(), br#"{"model_type": "modernbert"}"#.into());
    files.insert("tokenizer_config.json".into(), br#"{"tokenizer_class": "BertJapaneseTokenizer"}"#.into());
    assert!(Tokenizer::from_files(&files, 2).is_ok());
}

#[test]
fn what_is_left_aside_is_told() {
    let warnings = |name: &str, settings: Value| {
        let mut files = small_files(&folder(name)).expect("files");
        files.insert("tokenizer_config.json".into(), settings.to_string().into_bytes());
        Tokenizer::from_files(&files, 2).expect("a tokenizer").warnings().join("; ")
    };
    assert_eq!(warnings("wordpiece", json!({"tokenizer_class": "BertTokenizer"})), "");
    let own_code = json!({"tokenizer_class": "BertTokenizer", "auto_map": {"AutoTokenizer": ["own.Tokenizer", null]}});
    assert!(warnings("wordpiece", own_code).contains("auto_map"));
    assert!(warnings("wordpiece", json!({"tokenizer_class": "DistilBertTokenizer"})).contains("DistilBertTokenizer"));
    assert!(warnings("deberta-v2", json!({"tokenizer_class": "DebertaV2Tokenizer"})).contains("spm.model"));
}

#[test]
fn a_length_is_the_longest_that_has_positions() {
    // What Python computes of `<s> … </s>` with 20 rows of positions, tried with tokens until it raises.
    let cases = [
        ("xlm-roberta", 0, 20),
        ("xlm-roberta", 1, 18),
        ("xlm-roberta", 2, 18),
        ("xlm-roberta", 5, 14),
        ("roberta", 0, 20),
        ("roberta", 2, 18),
        ("mpnet", 0, 18),
        ("mpnet", 1, 18),
        ("mpnet", 5, 18),
        ("bert", 0, 20),
    ];
    for (model_type, pad_token_id, longest) in cases {
        let config = json!({
            "model_type": model_type, "pad_token_id": pad_token_id, "max_position_embeddings": 20,
            "hidden_size": 16, "num_attention_heads": 2, "vocab_size": 300,
        });
        let config = Config::parse(config.to_string().as_bytes()).expect("a configuration");
        let tokenizer = Tokenizer::from_files(&small_files(&folder("xlm-roberta")).expect("files"), 2);
        let tokenizer = config.fit(tokenizer.expect("a tokenizer")).expect("room for a text");
        assert_eq!(tokenizer.max_length(), longest, "{model_type} {pad_token_id}");
        assert!(tokenizer.warnings().is_empty());
        let limited = tokenizer.with_model_max_length(12);
        let limited = config.fit(limited).expect("room for a text");
        assert_eq!(limited.max_length(), 12);
        assert!(limited.warnings()[0].contains("12 tokens"), "{:?}", limited.warnings());
    }
}

#[test]
fn what_becomes_of_a_tweet_keeps_its_places() {
    let tokenizer =
        Tokenizer::from_files(&small_files(&folder("bertweet-tweets")).expect("files"), 1).expect("a tokenizer");
    let text = "@remy: I can't see it&hellip; cannot &amp; 你:-) <mask> http://a.b/c";
    let tokens = tokenizer.encode(&Input::from(text)).expect("tokens");
    let characters: Vec<char> = text.chars().collect();
    let mut words: Vec<(u32, usize, usize)> = Vec::new();
    for (word, &(start, end)) in tokens.word_ids.iter().zip(&tokens.offsets) {
        match (word, words.last_mut()) {
            (Some(word), Some(last)) if last.0 == *word => last.2 = end,
            (Some(word), _) => words.push((*word, start, end)),
            (None, _) => {}
        }
    }
    let cut: Vec<String> = words.iter().map(|&(_, start, end)| characters[start..end].iter().collect()).collect();
    let expected = [
        "@remy",
        ":",
        "I",
        "can't",
        "see",
        "it",
        "&hellip;",
        "can",
        "not",
        "&amp;",
        "你",
        ":-)",
        "<mask>",
        "http://a.b/c",
    ];
    assert_eq!(cut, expected);
    assert!(tokenizer.warnings()[0].contains("emoji in tweets are read as they are"));
    // Each text of a list of words is a tweet of its own.
    let words: Vec<String> = ["@a", "it's", "b"].map(str::to_owned).to_vec();
    let tokens = &tokenizer.encode_words(&words, " ", &tokenizer.cut(Shortened::Longest, false)).expect("tokens")[0];
    assert_eq!(tokens.word_ids.iter().flatten().max(), Some(&2));
}
