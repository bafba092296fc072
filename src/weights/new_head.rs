//! Weights of a head that no checkpoint holds yet: drawn as `transformers` initialises them
//! (`PreTrainedModel._init_weights`), to be trained.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;

/// How the matrices and tables of a part of the model begin: normally distributed around zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Initializer {
    /// Standard deviation.
    pub std: f32,
    /// Numbers further than this many standard deviations from zero are drawn again; positive.
    pub cutoff: Option<f32>,
}

impl Default for Initializer {
    /// What most architectures begin with.
    fn default() -> Self {
        Initializer { std: 0.02, cutoff: None }
    }
}

/// What a tensor begins with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// Zeros: a bias.
    Zeros,
    /// Ones: the weight of a normalisation.
    Ones,
    /// Random numbers: a matrix or a table.
    Drawn(Initializer),
}

/// The wish for a head that the checkpoint does not hold, or holds for other sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewHead {
    /// The same seed gives the same numbers, on every platform.
    pub seed: u64,
}

impl NewHead {
    /// The numbers of a tensor, without end, in the order in which a file holds them. They
    /// depend on its name and the seed only, not on what is drawn beside it.
    pub(super) fn numbers(self, name: &str, initial: Initial) -> impl Iterator<Item = f32> {
        let mut random = self.generator(name);
        std::iter::from_fn(move || {
            Some(match initial {
                Initial::Zeros => 0.0,
                Initial::Ones => 1.0,
                Initial::Drawn(Initializer { std, cutoff }) => loop {
                    let number: f32 = random.sample(StandardNormal);
                    if cutoff.is_none_or(|cutoff| number.abs() <= cutoff) {
                        break number * std;
                    }
                },
            })
        })
    }

    /// Seeded with the seed and the name's FNV-1a hash (Fowler, Noll and Vo).
    fn generator(self, name: &str) -> StdRng {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&hash.to_le_bytes());
        StdRng::from_seed(seed)
    }
}
