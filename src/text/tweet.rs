//! Tweets as BERTweet reads them where `normalization` is true: entities of HTML become characters, names of people and
//! addresses become `@USER` and `HTTPURL`, and words are parted from punctuation. Python turns emoji into words, too, if
//! the package `emoji` is installed; that is left aside.
//!
//! `transformers`: `models/bertweet/tokenization_bertweet.py`.

use tokenizers::Result;
use tokenizers::utils::SysRegex;

use super::slow_marked::is_space;

/// A character, and the bytes of the tweet that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traced {
    /// The character.
    pub character: char,
    /// Where what it stands for begins.
    pub start: usize,
    /// Where that ends.
    pub end: usize,
}

/// What is counted as one token, in the order in which it is looked for.
const TOKENS: [&str; 14] = [
    // Addresses of pages
    r#"(?:https?:(?:/{1,3}|[a-z0-9%])|[a-z0-9.\-]+[.](?:[a-z]{2,13})/)"#,
    r#"(?:[^\s()<>{}\[\]]+|\([^\s()]*?\([^\s()]+\)[^\s()]*?\)|\([^\s]+?\))+"#,
    r#"(?:\([^\s()]*?\([^\s()]+\)[^\s()]*?\)|\([^\s]+?\)|[^\s`!()\[\]{};:'".,<>?«»“”‘’])|"#,
    r#"(?:(?<!@)[a-z0-9]+(?:[.\-][a-z0-9]+)*[.](?:[a-z]{2,13})\b/?(?!@))|"#,
    // Telephones
    r#"(?:(?:\+?[01][ *\-.\)]*)?(?:[\(]?\d{3}[ *\-.\)]*)?\d{3}[ *\-.\)]*\d{4})|"#,
    // Faces and hearts
    r#"(?:[<>]?[:;=8][\-o\*\']?[\)\]\(\[dDpP/\:\}\{@\|\\]|[\)\]\(\[dDpP/\:\}\{@\|\\][\-o\*\']?[:;=8][<>]?|<3)|"#,
    // Tags of HTML, arrows
    r#"<[^>\s]+>|[\-]+>|<[\-]+|"#,
    // Names and topics
    r#"(?:@[\w_]+)|(?:\#+[\w_]+[\w\'_\-]*[\w_]+)|"#,
    // Addresses of people
    r#"[\w.+\-]+@[\w\-]+\.(?:[\w\-]\.?)+[\w\-]|"#,
    // Words with apostrophes and dashes, numbers, other words
    r#"(?:[^\W\d_](?:[^\W\d_]|['\-_])+[^\W\d_])|"#,
    r#"(?:[+\-]?\d+[,/.:\-]\d+[+\-]?)|"#,
    r#"(?:[\w_]+)|"#,
    // Dots, and everything else
    r#"(?:\.(?:\s*\.){1,})|"#,
    r#"(?:\S)"#,
];

/// Words that belong together or apart: three rounds of changes.
const CHANGES: [(&str, &str); 15] = [
    ("cannot ", "can not "),
    ("n't ", " n't "),
    ("n 't ", " n't "),
    ("ca n't", "can't"),
    ("ai n't", "ain't"),
    ("'m ", " 'm "),
    ("'re ", " 're "),
    ("'s ", " 's "),
    ("'ll ", " 'll "),
    ("'d ", " 'd "),
    ("'ve ", " 've "),
    (" p . m .", "  p.m."),
    (" p . m ", " p.m "),
    (" a . m .", " a.m."),
    (" a . m ", " a.m "),
];

/// Characters that are spelled otherwise.
const SPELLINGS: [(&str, &str); 2] = [("’", "'"), ("…", "...")];

/// Names of the characters from 160 on.
const LATIN: &str = "\
    nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
    micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml \
    times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil \
    egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash \
    ugrave uacute ucirc uuml yacute thorn yuml";

/// Other names, each before its character. `xi` is missing, because Python takes its `x` for the sign of a number.
const OTHERS: &str = "\
    quot \u{22} amp & lt < gt > OElig Œ oelig œ Scaron Š scaron š Yuml Ÿ fnof ƒ circ ˆ tilde ˜ Alpha Α Beta Β \
    Gamma Γ Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ Mu Μ Nu Ν Xi Ξ Omicron Ο Pi Π Rho Ρ \
    Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η \
    theta θ iota ι kappa κ lambda λ mu μ nu ν omicron ο pi π rho ρ sigmaf ς sigma σ tau τ upsilon υ phi φ \
    chi χ psi ψ omega ω thetasym ϑ upsih ϒ piv ϖ ensp \u{2002} emsp \u{2003} thinsp \u{2009} zwnj \u{200c} \
    zwj \u{200d} lrm \u{200e} rlm \u{200f} ndash – mdash — lsquo ‘ rsquo ’ sbquo ‚ ldquo “ rdquo ” bdquo „ \
    dagger † Dagger ‡ bull • hellip … permil ‰ prime ′ Prime ″ lsaquo ‹ rsaquo › oline ‾ frasl ⁄ euro € image ℑ \
    weierp ℘ real ℜ trade ™ alefsym ℵ larr ← uarr ↑ rarr → darr ↓ harr ↔ crarr ↵ lArr ⇐ uArr ⇑ rArr ⇒ dArr ⇓ \
    hArr ⇔ forall ∀ part ∂ exist ∃ empty ∅ nabla ∇ isin ∈ notin ∉ ni ∋ prod ∏ sum ∑ minus − lowast ∗ radic √ \
    prop ∝ infin ∞ ang ∠ and ∧ or ∨ cap ∩ cup ∪ int ∫ there4 ∴ sim ∼ cong ≅ asymp ≈ ne ≠ equiv ≡ le ≤ ge ≥ sub ⊂ \
    sup ⊃ nsub ⊄ sube ⊆ supe ⊇ oplus ⊕ otimes ⊗ perp ⊥ sdot ⋅ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ lang 〈 rang 〉 \
    loz ◊ spades ♠ clubs ♣ hearts ♥ diams ♦";

/// What the numbers from 128 to 159 stand for in Windows; `\0` for nothing.
const WINDOWS: &str = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

/// What makes words of a tweet.
pub struct Tweets {
    tokens: SysRegex,
}

impl Tweets {
    /// Compiles what is looked for.
    ///
    /// # Errors
    /// None that is known: those of the regular expression.
    pub fn new() -> Result<Self> {
        Ok(Tweets { tokens: SysRegex::new(&format!("(?i){}", TOKENS.concat()))? })
    }

    /// The words of a tweet.
    ///
    /// # Errors
    /// When the regular expression gives up.
    pub fn words(&self, tweet: &str) -> Result<Vec<Vec<Traced>>> {
        let mut text: Vec<Traced> = tweet
            .char_indices()
            .map(|(start, character)| Traced { character, start, end: start + character.len_utf8() })
            .collect();
        for (from, to) in SPELLINGS {
            text = replaced(&text, from, to);
        }
        let text = without_runs(without_entities(&text));
        let mut joined: Vec<Traced> = Vec::new();
        for token in self.tokens_of(&text)? {
            if let Some(last) = joined.last().copied() {
                joined.push(Traced { character: ' ', start: last.end, end: last.end });
            }
            joined.extend(normalized(token));
        }
        for (from, to) in CHANGES {
            joined = replaced(&joined, from, to);
        }
        let words = joined.split(|traced| is_space(traced.character)).filter(|word| !word.is_empty());
        Ok(words.map(<[Traced]>::to_vec).collect())
    }

    /// The tokens of a text; all that is left out is white space.
    fn tokens_of<'a>(&self, text: &'a [Traced]) -> Result<Vec<&'a [Traced]>> {
        let string = string(text);
        let starts: Vec<usize> = string.char_indices().map(|(start, _)| start).collect();
        let place = |byte: usize| starts.partition_point(|&start| start < byte);
        let mut end = 0;
        let mut tokens = Vec::new();
        for (from, to) in self.tokens.find_iter(&string) {
            tokens.push(&text[place(from)..place(to)]);
            end = to;
        }
        match string[end..].trim().is_empty() {
            true => Ok(tokens),
            // It stops without a word where it has gone back too often.
            false => Err("the tweet is too hard to part into words".into()),
        }
    }
}

/// A token as it is read.
fn normalized(token: &[Traced]) -> Vec<Traced> {
    let first: String = token.iter().take(4).flat_map(|traced| traced.character.to_lowercase()).collect();
    if first.starts_with('@') {
        return spelled("@USER", token);
    }
    if first.starts_with("http") || first.starts_with("www") {
        return spelled("HTTPURL", token);
    }
    let other = SPELLINGS.iter().find(|(from, _)| token.len() == 1 && from.starts_with(token[0].character));
    other.map_or_else(|| token.to_vec(), |(_, to)| spelled(to, token))
}

/// A text, each character of which stands for all of `source`.
fn spelled(text: &str, source: &[Traced]) -> Vec<Traced> {
    let (start, end) = (source[0].start, source[source.len() - 1].end);
    text.chars().map(|character| Traced { character, start, end }).collect()
}

fn string(text: &[Traced]) -> String {
    text.iter().map(|traced| traced.character).collect()
}

/// The text with `to` in place of every `from`. Letters and signs keep their places: both have the same ones, or `from`
/// has a single one.
fn replaced(text: &[Traced], from: &str, to: &str) -> Vec<Traced> {
    let from: Vec<char> = from.chars().collect();
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let found =
            rest.get(..from.len()).filter(|found| found.iter().map(|traced| traced.character).eq(from.iter().copied()));
        let Some(found) = found else {
            result.push(*first);
            rest = after;
            continue;
        };
        let mut signs = found.iter().filter(|traced| traced.character != ' ');
        let mut last = signs.clone().next().unwrap_or(first);
        for character in to.chars() {
            let place = match character {
                ' ' => Traced { end: last.start, ..*last },
                _ => {
                    last = signs.next().unwrap_or(last);
                    *last
                }
            };
            result.push(Traced { character, ..place });
        }
        rest = &rest[from.len()..];
    }
    result
}

/// The text with characters in place of what `&` and `;` enclose; what means none is left out.
fn without_entities(text: &[Traced]) -> Vec<Traced> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let length = match first.character {
            '&' => after
                .iter()
                .take_while(|traced| !matches!(traced.character, '&' | ';') && !is_space(traced.character))
                .count(),
            _ => 0,
        };
        let closed = after.get(length).is_some_and(|traced| traced.character == ';');
        let name: String = string(&after[..length]);
        // A mark of a number needs something behind it; alone it is a name.
        if !closed || name.is_empty() {
            result.push(*first);
            rest = after;
            continue;
        }
        let whole = &rest[..length + 2];
        result
            .extend(entity(&name).into_iter().flat_map(|character| spelled(character.encode_utf8(&mut [0; 4]), whole)));
        rest = &rest[length + 2..];
    }
    result
}

/// The character that an entity stands for.
fn entity(name: &str) -> Option<char> {
    let numbered = name.strip_prefix('#').filter(|rest| !rest.is_empty());
    let body = numbered.unwrap_or(name);
    match body.strip_prefix('x').filter(|rest| !rest.is_empty()) {
        Some(digits) => numbered_entity(digits, 16),
        None if numbered.is_some() => numbered_entity(body, 10),
        None => named_entity(name),
    }
}

fn named_entity(name: &str) -> Option<char> {
    if let Some(place) = LATIN.split(' ').position(|known| known == name) {
        return char::from_u32(160 + place as u32);
    }
    let mut others = OTHERS.split(' ');
    others.find(|&known| known == name).filter(|_| name.len() > 1)?;
    others.next()?.chars().next()
}

/// What Python's `int` reads, as a character.
fn numbered_entity(digits: &str, base: u32) -> Option<char> {
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let prefixed = if base == 16 { digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) } else { None };
    let digits = prefixed.map_or(digits, |rest| rest.strip_prefix('_').unwrap_or(rest));
    if digits.starts_with(['_', '+']) || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let number = u32::from_str_radix(&digits.replace('_', ""), base).ok()?;
    match number {
        0x80..=0x9F => WINDOWS.chars().nth(number as usize - 0x80).filter(|&character| character != '\0'),
        _ => char::from_u32(number),
    }
}

/// The text with no sign more than three times in a row; letters and digits of ASCII may be.
fn without_runs(text: Vec<Traced>) -> Vec<Traced> {
    let mut result: Vec<Traced> = Vec::with_capacity(text.len());
    for traced in text {
        let is_run = !traced.character.is_ascii_alphanumeric()
            && result.len() >= 3
            && result[result.len() - 3..].iter().all(|before| before.character == traced.character);
        match result.last_mut().filter(|_| is_run) {
            Some(last) => last.end = traced.end,
            None => result.push(traced),
        }
    }
    result
}
