//! How long a text and how many words a provider takes, in the unit that its document counts in.

/// The longest text that a provider takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Longest {
    /// No document names a figure.
    Any,
    /// In UTF-8.
    Bytes(usize),
    /// Unicode code points.
    Characters(usize),
    /// Units of UTF-16, as .NET and JavaScript count.
    Utf16(usize),
}

impl Longest {
    /// Does a document name a figure?
    pub fn is_bounded(self) -> bool {
        self != Self::Any
    }

    /// Is the text no longer?
    pub fn has_room_for(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Bytes(most) => text.len() <= most,
            Self::Characters(most) => text.chars().count() <= most,
            Self::Utf16(most) => text.encode_utf16().count() <= most,
        }
    }
}

/// Which words a provider takes, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// At most.
    pub most: usize,
    /// Each of them.
    pub longest: Longest,
    /// What each must look like.
    pub fits: fn(&str) -> bool,
}

impl Words {
    /// Any number of any words.
    pub const ANY: Self = Self { most: usize::MAX, longest: Longest::Any, fits: |_| true };

    /// Are all of these taken?
    pub fn take<'a>(&self, words: impl ExactSizeIterator<Item = &'a str>) -> bool {
        words.len() <= self.most && words.into_iter().all(|word| self.longest.has_room_for(word) && (self.fits)(word))
    }
}

/// Printable ASCII, spaces included.
pub(in crate::delivery::provider) fn is_ascii(word: &str) -> bool {
    word.is_ascii()
}

/// `A-Z a-z 0-9 _ -`.
pub(in crate::delivery::provider) fn is_word(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_in_the_providers_own_unit() {
        let text = "aü😀";
        for (longest, exact) in
            [(Longest::Bytes as fn(usize) -> Longest, 7), (Longest::Characters, 3), (Longest::Utf16, 4)]
        {
            assert!(longest(exact).has_room_for(text) && !longest(exact - 1).has_room_for(text), "{exact}");
        }
        assert!(Longest::Any.has_room_for(text));
    }

    #[test]
    fn words_are_taken_by_number_length_and_form() {
        let words = Words { most: 2, longest: Longest::Characters(3), fits: is_word };
        for (list, taken) in [
            (&["one", "t-o"][..], true),
            (&["one", "two", "six"], false),
            (&["four"], false),
            (&["a b"], false),
            (&["ü"], false),
            (&[], true),
        ] {
            assert_eq!(words.take(list.iter().copied()), taken, "{list:?}");
        }
    }
}
