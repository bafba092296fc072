//! The scales of a parameter while its rows arrive. Never multiplies by them.

/// What each row is to be multiplied by; empty where no file has scales. They wait until the last
/// row is there: either may come first.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Scales(Vec<f32>);

impl Scales {
    pub(super) fn expect(&mut self, rows: usize) {
        self.0.resize(rows, 1.0);
    }

    pub(super) fn set(&mut self, row: usize, scale: f32) {
        self.0[row] = scale;
    }

    /// Rows that a multiplication changes, with their factors.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, f32)> {
        self.0.iter().copied().enumerate().filter(|(_, scale)| *scale != 1.0)
    }
}
