//! Random numbers that depend on a seed and a mail's number alone, not on the order in which mails arrive.

/// Every number is a function of the seed, the mail and what it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeededRng(u64);

impl SeededRng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// An independent generator for `what`.
    pub(crate) fn of(self, what: &str) -> Self {
        Self(self.hash(what, 0))
    }

    /// A number below `end`.
    pub(crate) fn below(self, about: &str, number: usize, end: usize) -> usize {
        fastrand::Rng::with_seed(self.hash(about, number)).usize(..end)
    }

    pub(crate) fn coin(self, about: &str, number: usize) -> bool {
        self.below(about, number, 2) == 0
    }

    /// FNV-1a.
    fn hash(self, about: &str, number: usize) -> u64 {
        let bytes = about.bytes().chain(number.to_le_bytes());
        bytes.fold(self.0 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}
