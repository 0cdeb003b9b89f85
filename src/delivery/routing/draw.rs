//! What decides where a strategy leaves a choice. Drawn once for a mail: each of its attempts follows the same draw.

use super::candidate::ALL_MAIL;

/// The choice of one mail.
#[derive(Clone, Copy, Debug)]
pub enum Draw {
    /// A mail with a key: this number follows from it, and is the same on every node.
    Key(u64),
    /// A mail without one.
    Free {
        /// Counts the mails without a key, of the same rule, that the same upstreams of this node may take.
        turn: usize,
        /// Drawn anew for each mail.
        random: u64,
    },
}

impl Draw {
    /// A mail without a key that only a circuit takes whose share is all mail, and that is for no floor below it.
    pub(super) const HIGHEST: Self = Self::Free { turn: 0, random: u64::MAX };

    /// From 1 to [`ALL_MAIL`]: a circuit takes the mail if its share is not below this.
    pub(super) fn level(self) -> u8 {
        1 + (((self.number() >> 32) * u64::from(ALL_MAIL)) >> 32) as u8
    }

    pub(super) fn number(self) -> u64 {
        let (Self::Key(number) | Self::Free { random: number, .. }) = self;
        number
    }

    pub(super) fn is_of_a_key(self) -> bool {
        matches!(self, Self::Key(_))
    }
}
