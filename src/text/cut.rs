//! What is read of texts that have more tokens than the model reads. Python truncates before the
//! special tokens come in; here the tokens that stay are chosen afterwards, of the same texts, so
//! that one tokenizer serves every task. Rules: `tokenizers`, `utils/truncation.rs`.

use std::ops::Range;

use tokenizers::TruncationDirection;

/// Which text of a pair gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortened {
    /// The longer one, then both.
    Longest,
    /// The same, but of an odd number of tokens the first text keeps one more, whichever is longer: as in Python's slow
    /// tokenizers.
    LongestOrSecond,
    /// Only the first.
    First,
    /// Only the second.
    Second,
}

/// What becomes of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// It is an error.
    Refused,
    /// It is not read.
    Dropped,
    /// It is read in further sequences, each of which begins with this many tokens of the one before. Of a pair, one
    /// text is to be named as the one that gives way.
    Windows(usize),
}

/// How an input becomes sequences that the model can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Most tokens of a sequence, special ones included.
    pub max_length: usize,
    /// What gives way.
    pub shortened: Shortened,
    /// What becomes of the rest.
    pub overflow: Overflow,
}

/// The tokens of the first and of the second text that a sequence holds.
pub(super) type Window = [Range<usize>; 2];

/// The windows of two texts of these lengths in tokens, the second 0 where there is none; `room` is what special
/// tokens leave of a sequence.
///
/// # Errors
/// What is wrong: nothing is left of the text that gives way, or not more than what windows share.
pub(super) fn windows(
    lengths: [usize; 2],
    room: usize,
    cut: &Cut,
    direction: TruncationDirection,
) -> Result<Vec<Window>, String> {
    let [first, second] = lengths;
    if first + second <= room {
        return Ok(vec![[0..first, 0..second]]);
    }
    let which = match cut.shortened {
        _ if room == 0 && !matches!(cut.overflow, Overflow::Windows(_)) => return Ok(vec![[0..0, 0..0]]),
        Shortened::Longest | Shortened::LongestOrSecond if second > 0 => {
            let kept = longest_first(lengths, room, cut.shortened);
            return Ok(vec![[0, 1].map(|text| part(lengths[text], kept[text], 0, direction))]);
        }
        Shortened::Longest | Shortened::LongestOrSecond | Shortened::First => 0,
        Shortened::Second => 1,
    };
    let other = lengths[1 - which];
    let Some(size) = room.checked_sub(other).filter(|&size| size > 0) else {
        return Err(format!("the text that is not cut has {other} tokens, and both may have {room}"));
    };
    let step = match cut.overflow {
        Overflow::Refused | Overflow::Dropped => lengths[which],
        Overflow::Windows(shared) => size.checked_sub(shared).filter(|&step| step > 0).ok_or(format!(
            "{size} tokens can be read at once, which is not more than the {shared} that neighbours share"
        ))?,
    };
    let last = if step < lengths[which] { (lengths[which] - size).div_ceil(step) } else { 0 };
    let window = |number: usize| {
        let mut window = [0..lengths[0], 0..lengths[1]];
        window[which] = part(lengths[which], size, number * step, direction);
        window
    };
    Ok((0..=last).map(window).collect())
}

/// Up to `size` of `length` tokens, `skipped` from the side that is kept.
fn part(length: usize, size: usize, skipped: usize, direction: TruncationDirection) -> Range<usize> {
    let end = length.min(skipped + size);
    match direction {
        TruncationDirection::Right => skipped..end,
        TruncationDirection::Left => length - end..length - skipped,
    }
}

/// How much stays of each text: the shorter one is cut only if both are longer than half.
fn longest_first(lengths: [usize; 2], room: usize, shortened: Shortened) -> [usize; 2] {
    let shorter = usize::from(lengths[1] < lengths[0]);
    let mut kept = lengths;
    if lengths[shorter] <= room / 2 {
        kept[1 - shorter] = room - lengths[shorter];
        return kept;
    }
    let less = if shortened == Shortened::LongestOrSecond { 1 } else { shorter };
    kept[less] = room / 2;
    kept[1 - less] = room - room / 2;
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::{Encoding, TruncationParams, TruncationStrategy, utils::truncation::truncate_encodings};

    /// An encoding whose ids are 0, 1, 2, ….
    fn encoding(length: usize) -> Encoding {
        let ids: Vec<u32> = (0..length as u32).collect();
        let zeros = vec![0; length];
        let (tokens, offsets) = (vec![String::new(); length], vec![(0, 0); length]);
        let words = vec![None; length];
        Encoding::new(ids, zeros.clone(), tokens, words, offsets, zeros.clone(), zeros, Vec::new(), Default::default())
    }

    /// What the tokenizers crate leaves of both texts: the first window, then the further ones of the text that is cut.
    fn by_the_crate(lengths: [usize; 2], params: &TruncationParams) -> Option<[Vec<Vec<u32>>; 2]> {
        let pair = (lengths[1] > 0).then(|| encoding(lengths[1]));
        let (first, second) = truncate_encodings(encoding(lengths[0]), pair, params).ok()?;
        let all = |encoding: Encoding| {
            let further = encoding.get_overflowing().iter().map(|one| one.get_ids().to_vec());
            std::iter::once(encoding.get_ids().to_vec()).chain(further).collect()
        };
        Some([all(first), second.map_or_else(|| vec![Vec::new()], all)])
    }

    #[test]
    fn windows_are_those_of_the_tokenizers_crate() {
        let strategies = [
            (Shortened::Longest, TruncationStrategy::LongestFirst),
            (Shortened::First, TruncationStrategy::OnlyFirst),
            (Shortened::Second, TruncationStrategy::OnlySecond),
        ];
        for (first, second, room, shared) in
            (0..12).flat_map(|a| (0..12).flat_map(move |b| (0..9).flat_map(move |r| (0..5).map(move |s| (a, b, r, s)))))
        {
            for (shortened, strategy) in strategies {
                for direction in [TruncationDirection::Right, TruncationDirection::Left] {
                    let overflow = if shared == 0 { Overflow::Dropped } else { Overflow::Windows(shared) };
                    let cut = Cut { max_length: room, shortened, overflow };
                    let ours = windows([first, second], room, &cut, direction);
                    let both = shortened == Shortened::Longest && second > 0;
                    if both && shared > 0 || second == 0 && shortened == Shortened::Second {
                        continue;
                    }
                    if shared > 0 && ours.is_err() {
                        // The crate panics.
                        continue;
                    }
                    let params = TruncationParams { max_length: room, strategy, stride: shared, direction };
                    let Some(crates) = by_the_crate([first, second], &params) else {
                        assert!(ours.is_err(), "{first} {second} {room} {shared} {shortened:?}");
                        continue;
                    };
                    let ours = ours.unwrap_or_else(|reason| panic!("{first} {second} {room} {shared}: {reason}"));
                    for (text, crates) in crates.iter().enumerate() {
                        let ids = |window: &Window| window[text].clone().map(|id| id as u32).collect::<Vec<_>>();
                        assert_eq!(ids(&ours[0]), crates[0], "{first} {second} {room} {shortened:?} {direction:?}");
                        if shared > 0 && crates.len() > 1 {
                            assert_eq!(ours.iter().map(ids).collect::<Vec<_>>(), *crates);
                        }
                    }
                }
            }
        }
    }
}
