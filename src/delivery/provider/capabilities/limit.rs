//! How long a text and how many words a provider takes, in the unit that its document counts in.

/// The length of a text that a provider takes, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxLength {
    /// No document names a figure.
    Any,
    /// In UTF-8.
    Bytes(usize),
    /// Unicode code points.
    Characters(usize),
    /// Units of UTF-16, as .NET and JavaScript count.
    Utf16(usize),
}

impl MaxLength {
    /// Is no text of so many bytes longer?
    pub fn allows_bytes(self, bytes: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Bytes(most) | Self::Characters(most) | Self::Utf16(most) => bytes <= most,
        }
    }

    /// Is the text no longer?
    pub fn allows(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Bytes(most) => text.len() <= most,
            Self::Characters(most) => text.chars().count() <= most,
            Self::Utf16(most) => text.encode_utf16().count() <= most,
        }
    }
}

/// Which words a provider takes as tags or as names of metadata, and how many.
#[derive(Clone, Copy, Debug)]
pub struct WordLimits {
    /// Words of one mail, at most.
    pub max_count: usize,
    /// The length of each.
    pub max_length: MaxLength,
    /// Is the form of a word allowed?
    pub is_allowed: fn(&str) -> bool,
}

impl WordLimits {
    /// Any number of any words.
    pub const ANY: Self = Self { max_count: usize::MAX, max_length: MaxLength::Any, is_allowed: |_| true };

    /// Are all of these taken?
    pub fn take<'a>(&self, words: impl ExactSizeIterator<Item = &'a str>) -> bool {
        words.len() <= self.max_count
            && words.into_iter().all(|word| self.max_length.allows(word) && (self.is_allowed)(word))
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
            [(MaxLength::Bytes as fn(usize) -> MaxLength, 7), (MaxLength::Characters, 3), (MaxLength::Utf16, 4)]
        {
            assert!(longest(exact).allows(text) && !longest(exact - 1).allows(text), "{exact}");
        }
        assert!(MaxLength::Any.allows(text));
    }

    #[test]
    fn words_are_taken_by_number_length_and_form() {
        let words = WordLimits { max_count: 2, max_length: MaxLength::Characters(3), is_allowed: is_word };
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
