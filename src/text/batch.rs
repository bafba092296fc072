//! A batch: its sequences one after the other, never padded.

use std::ops::Range;

/// Token ids of several sequences. A sequence is a range of rows; a batch costs the sum of
/// its sequences and no sequence sees another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Ids of the word pieces of all sequences.
    pub input_ids: Vec<u32>,
    /// Token types, one for each id.
    pub token_type_ids: Vec<u32>,
    /// Rows of each sequence; they touch and cover all rows.
    pub sequences: Vec<Range<usize>>,
}

impl Batch {
    /// Appends a sequence; both slices are equally long.
    pub fn push(&mut self, input_ids: &[u32], token_type_ids: &[u32]) {
        debug_assert_eq!(input_ids.len(), token_type_ids.len());
        let start = self.input_ids.len();
        self.input_ids.extend_from_slice(input_ids);
        self.token_type_ids.extend_from_slice(token_type_ids);
        self.sequences.push(start..self.input_ids.len());
    }

    /// Tokens of all sequences together.
    pub fn tokens(&self) -> usize {
        self.input_ids.len()
    }
}
