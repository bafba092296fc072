//! Rows of token ids as Python passes them to a model, padded to one length. They become a
//! [`Batch`] without the padding, and what is computed for its tokens becomes rows again.

use std::ops::Range;

use serde::Deserialize;

use super::batch::Batch;
use crate::error::Error;

/// `[rows, length]` each. Those of multiple choice are read from `[batch, choices, length]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Nested")]
pub struct Rows {
    /// Ids of the word pieces.
    pub input_ids: Vec<Vec<u32>>,
    /// 0 where there is padding, wherever in the row; absent when there is none.
    pub attention_mask: Option<Vec<Vec<u8>>>,
    /// Token types; absent for zeros.
    pub token_type_ids: Option<Vec<Vec<u32>>>,
    /// How many rows belong together: the choices of one question.
    pub choices: usize,
}

/// The same as it stands in JSON.
#[derive(Deserialize)]
struct Nested {
    input_ids: Levels<u32>,
    attention_mask: Option<Levels<u8>>,
    token_type_ids: Option<Levels<u32>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Levels<T> {
    Two(Vec<Vec<T>>),
    Three(Vec<Vec<Vec<T>>>),
}

impl<T> Levels<T> {
    /// All rows, and how many belong together.
    fn flatten(self) -> Result<(Vec<Vec<T>>, usize), String> {
        match self {
            Levels::Two(rows) => Ok((rows, 1)),
            Levels::Three(questions) => {
                let choices = questions.first().map_or(0, Vec::len);
                match questions.iter().all(|question| question.len() == choices) {
                    true => Ok((questions.into_iter().flatten().collect(), choices)),
                    false => Err("questions differ in their number of choices".into()),
                }
            }
        }
    }
}

impl TryFrom<Nested> for Rows {
    type Error = String;

    fn try_from(nested: Nested) -> Result<Self, String> {
        let (input_ids, choices) = nested.input_ids.flatten()?;
        Ok(Rows {
            input_ids,
            attention_mask: nested.attention_mask.map(|mask| Ok::<_, String>(mask.flatten()?.0)).transpose()?,
            token_type_ids: nested.token_type_ids.map(|types| Ok::<_, String>(types.flatten()?.0)).transpose()?,
            choices,
        })
    }
}

impl Rows {
    /// The tokens that are not padding.
    ///
    /// # Errors
    /// [`Error::Input`] with the number of the row that does not fit.
    pub fn to_batch(&self) -> Result<Batch, Error> {
        let mut batch = Batch::default();
        for (row, ids) in self.input_ids.iter().enumerate() {
            let length = ids.len();
            let fits = |other: Option<usize>| other.is_none_or(|other| other == length);
            let mask_fits = fits(self.attention_mask.as_ref().map(|mask| mask.get(row).map_or(0, Vec::len)));
            let types_fit = fits(self.token_type_ids.as_ref().map(|types| types.get(row).map_or(0, Vec::len)));
            let refuse = |reason: &str| Err(Error::Input { input: row, reason: reason.into() });
            if !mask_fits || !types_fit {
                return refuse("input_ids, attention_mask and token_type_ids differ in length");
            }
            let tokens = self.tokens(row);
            if tokens.is_empty() {
                return refuse("there is no token");
            }
            let kept = |values: &[u32]| tokens.iter().map(|&token| values[token]).collect::<Vec<_>>();
            let types = self.token_type_ids.as_ref().map(|types| kept(&types[row]));
            batch.push(&kept(ids), &types.unwrap_or_else(|| vec![0; tokens.len()]));
        }
        Ok(batch)
    }

    /// Some of the rows.
    pub fn part(&self, rows: Range<usize>) -> Self {
        fn some<T: Clone>(column: &[Vec<T>], rows: &Range<usize>) -> Vec<Vec<T>> {
            column.iter().take(rows.end).skip(rows.start).cloned().collect()
        }
        Rows {
            input_ids: some(&self.input_ids, &rows),
            attention_mask: self.attention_mask.as_ref().map(|mask| some(mask, &rows)),
            token_type_ids: self.token_type_ids.as_ref().map(|types| some(types, &rows)),
            choices: self.choices,
        }
    }

    /// Indices of the tokens of a row that are not padding.
    pub fn tokens(&self, row: usize) -> Vec<usize> {
        let real = |&token: &usize| self.attention_mask.as_ref().is_none_or(|mask| mask[row][token] != 0);
        (0..self.input_ids[row].len()).filter(real).collect()
    }

    /// Length of the longest row.
    pub fn length(&self) -> usize {
        self.input_ids.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Vectors of the batch's tokens, `[tokens, width]`, back at their places in the rows:
    /// `[rows, length, width]`, zero at the padding.
    pub fn unflatten(&self, vectors: &[f32], width: usize) -> Vec<f32> {
        let length = self.length();
        let mut padded = vec![0.0; self.input_ids.len() * length * width];
        let places =
            (0..self.input_ids.len()).flat_map(|row| self.tokens(row).into_iter().map(move |token| (row, token)));
        for ((row, token), vector) in places.zip(vectors.chunks_exact(width)) {
            padded[(row * length + token) * width..][..width].copy_from_slice(vector);
        }
        padded
    }

    /// Numbers of all pairs of a row's tokens in `heads` heads, `[heads, tokens, tokens]` for each
    /// row, back at their places: `[rows, heads, length, length]`, zero at the padding.
    pub fn unflatten_pairs(&self, of_rows: &[Vec<f32>], heads: usize) -> Vec<f32> {
        let length = self.length();
        let mut padded = vec![0.0; of_rows.len() * heads * length * length];
        for (row, pairs) in of_rows.iter().enumerate() {
            let tokens = self.tokens(row);
            let queries = (0..heads).flat_map(|head| tokens.iter().map(move |&query| (head, query)));
            for ((head, query), numbers) in queries.zip(pairs.chunks_exact(tokens.len())) {
                let keys = &mut padded[((row * heads + head) * length + query) * length..][..length];
                for (&key, &number) in tokens.iter().zip(numbers) {
                    keys[key] = number;
                }
            }
        }
        padded
    }
}
