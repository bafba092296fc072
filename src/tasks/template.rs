//! A sentence with a place for a label, as Python's `str.format` reads it with the label as its only argument: `{}` or
//! `{0}`, doubled braces for braces, and after a colon how a text is laid out (`{:>9}`, `{:*^12}`, `{:.3}`). Rules: the
//! Python documentation, “Format String Syntax”.

/// The parts of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Label(Layout),
}

/// How a label is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    fill: char,
    /// `<`, `>` or `^`.
    align: char,
    /// Least number of characters.
    width: usize,
    /// Most characters of the label.
    most: Option<usize>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong, in words: what Python refuses, places for other things than the label as a text, and that there
    /// is no place at all.
    pub fn parse(template: &str) -> Result<Self, String> {
        let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), template);
        let (mut numbered, mut unnumbered) = (0, 0);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            text.push_str(before);
            if brace.starts_with("{{") || brace.starts_with("}}") {
                text.push_str(&brace[..1]);
                rest = &brace[2..];
                continue;
            }
            let field = brace.strip_prefix('{').ok_or("there is a } without its {")?;
            let (field, after) = field.split_once('}').ok_or("there is a { without its }")?;
            let (name, layout) = place(field)?;
            *(if name.is_empty() { &mut unnumbered } else { &mut numbered }) += 1;
            parts.extend([Part::Text(std::mem::take(&mut text)), Part::Label(layout)]);
            rest = after;
        }
        text.push_str(rest);
        match (numbered, unnumbered) {
            (0, 0) => Err("there is no place for the label".into()),
            (0, 1) | (_, 0) => {
                parts.push(Part::Text(text));
                Ok(Template(parts))
            }
            _ => Err("it takes more than the label; several places for it are {0}".into()),
        }
    }

    /// The sentence with a label.
    pub fn with(&self, label: &str) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Label(layout) => layout.of(label),
        };
        self.0.iter().map(part).collect()
    }
}

impl Layout {
    fn of(&self, label: &str) -> String {
        let label: String = label.chars().take(self.most.unwrap_or(usize::MAX)).collect();
        let missing = self.width.saturating_sub(label.chars().count());
        let before = match self.align {
            '>' => missing,
            '^' => missing / 2,
            _ => 0,
        };
        let fill = |count: usize| self.fill.to_string().repeat(count);
        fill(before) + &label + &fill(missing - before)
    }
}

/// What stands between two braces: a number or nothing, and a layout.
fn place(field: &str) -> Result<(&str, Layout), String> {
    let (name, layout) = field.split_once(':').unwrap_or((field, ""));
    let name = name.strip_suffix("!s").unwrap_or(name);
    if !name.bytes().all(|digit| digit == b'0') {
        return Err(format!("{{{field}}} is not the label"));
    }
    layout_of(layout).map(|layout| (name, layout)).ok_or_else(|| format!("{{{field}}} is no layout of a text"))
}

/// `[[fill]align][0][width][.precision][s]`
fn layout_of(spec: &str) -> Option<Layout> {
    let is_align = |character: Option<char>| character.filter(|&character| "<>^".contains(character));
    let mut characters = spec.chars();
    let (first, second) = (characters.next(), characters.next());
    let (fill, align, rest) = match (is_align(second), is_align(first)) {
        (Some(align), _) => (first, Some(align), spec.char_indices().nth(2).map_or("", |(at, _)| &spec[at..])),
        (None, Some(align)) => (None, Some(align), &spec[1..]),
        (None, None) => (None, None, spec),
    };
    let fill = fill.unwrap_or(if rest.starts_with('0') { '0' } else { ' ' });
    let (width, rest) = number(rest)?;
    let (most, rest) = match rest.strip_prefix('.') {
        None => (None, rest),
        Some(rest) => {
            let (most, after) = number(rest)?;
            (Some(most?), after)
        }
    };
    let layout = Layout { fill, align: align.unwrap_or('<'), width: width.unwrap_or(0), most };
    matches!(rest, "" | "s").then_some(layout)
}

/// The number that a text begins with, if it does, and the rest. No number of five digits: what would it be for?
fn number(text: &str) -> Option<(Option<usize>, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    match digits {
        0 => Some((None, rest)),
        _ => number.parse().ok().filter(|&number: &usize| number < 10_000).map(|number| (Some(number), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `template.format("law")` gives in Python 3.12; `None` where it raises, or where the label does not come in.
    #[test]
    fn templates_are_read_as_python_reads_them() {
        let cases: &[(&str, Option<&str>)] = &[
            ("{}", Some("law")),
            ("{0} is {0}.", Some("law is law.")),
            ("{00}", Some("law")),
            ("{!s}", Some("law")),
            ("{0!s:>5}", Some("  law")),
            ("{{x}} is {}.", Some("{x} is law.")),
            ("{{{}}}", Some("{law}")),
            ("{:>10}", Some("       law")),
            ("{:*^10}", Some("***law****")),
            ("é{:é>9}", Some("ééééééélaw")),
            ("{:<}{{", Some("law{")),
            ("{:}", Some("law")),
            ("{:s}", Some("law")),
            ("{:.2}", Some("la")),
            ("{:>3.2s}", Some(" la")),
            ("{:010}", Some("law0000000")),
            ("{:>010}", Some("0000000law")),
            ("{:x<08}", Some("lawxxxxx")),
            ("{:08.3}", Some("law00000")),
            ("", None),
            ("It is.", None),
            ("It is {{}}.", None),
            ("{", None),
            ("}", None),
            ("{}}", None),
            ("{1}", None),
            ("{-1}", None),
            ("{ 0}", None),
            ("{name}", None),
            ("{}{}", None),
            ("{0}{}", None),
            ("{0!x}", None),
            ("{!}", None),
            ("{:{}}", None),
            ("{:}>9}", None),
            ("{:5d}", None),
            ("{:=10}", None),
            ("{:+}", None),
            ("{: }", None),
            ("{:,}", None),
            ("{:#}", None),
            ("{:.}", None),
            ("{:1_0}", None),
            ("{:99999999999999999999}", None),
        ];
        for &(template, expected) in cases {
            let ours = Template::parse(template).map(|template| template.with("law"));
            assert_eq!(ours.as_deref().ok(), expected, "{template}: {ours:?}");
        }
        // What Python takes and makes no sentence of a label, or another one of it.
        for refused in ["{!r}", "{!a}", "{0[0]}", "{0.upper}", "{:10000}"] {
            assert!(Template::parse(refused).is_err(), "{refused}");
        }
    }
}
