//! Chance that is the same for the same seed, whatever the order in which mails happen to arrive.

/// Every throw is a function of the seed and of what it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Other dice for something else.
    pub(crate) fn of(self, what: &str) -> Self {
        Self(self.hash(what, 0))
    }

    /// A number below `sides`.
    pub(crate) fn roll(self, about: &str, number: usize, sides: usize) -> usize {
        fastrand::Rng::with_seed(self.hash(about, number)).usize(..sides)
    }

    pub(crate) fn coin(self, about: &str, number: usize) -> bool {
        self.roll(about, number, 2) == 0
    }

    /// FNV-1a.
    fn hash(self, about: &str, number: usize) -> u64 {
        let bytes = about.bytes().chain(number.to_le_bytes());
        bytes.fold(self.0 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}
