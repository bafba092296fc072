//! The input of tasks that read one text: the text itself, or as JSON also an object with it.

use serde::Deserialize;

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Spelled")]
pub struct Text(pub String);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.to_owned())
    }
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Spelled {
    Text(String),
    Object { text: String },
}

impl From<Spelled> for Text {
    fn from(spelled: Spelled) -> Self {
        match spelled {
            Spelled::Text(text) | Spelled::Object { text } => Text(text),
        }
    }
}
