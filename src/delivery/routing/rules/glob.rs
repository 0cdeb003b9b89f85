//! A text in which `*` stands for any text, also for none.

use memchr::memmem;

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// This character.
    Literal(char),
    /// `*`: any text.
    Any,
}

/// Does the case of ASCII letters count?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Counts,
    Ignored,
}

/// What a text must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// At least one; any text may stand between two of them.
    pieces: Vec<String>,
    /// Bytes of all pieces: no shorter text matches.
    length: usize,
    case: Case,
}

impl Glob {
    pub(super) fn new(symbols: &[Symbol], case: Case) -> Self {
        let mut pieces = vec![String::new()];
        for (at, symbol) in symbols.iter().enumerate() {
            match (symbol, pieces.last_mut()) {
                (Symbol::Literal(c), Some(piece)) => piece.push(*c),
                // `**` is `*`.
                (Symbol::Any, _) if at > 0 && symbols[at - 1] == Symbol::Any => {}
                _ => pieces.push(String::new()),
            }
        }
        let length = pieces.iter().map(String::len).sum();
        Self { pieces, length, case }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(gaps) = text.len().checked_sub(self.length) else { return false };
        match &self.pieces[..] {
            [] => false,
            [whole] => gaps == 0 && self.equal(text.as_bytes(), whole),
            [first, middle @ .., last] => {
                // The end first: there most texts differ.
                let (text, end) = text.as_bytes().split_at(text.len() - last.len());
                let (start, text) = text.split_at(first.len());
                let after = |text, piece: &String| self.after(text, piece);
                // Of the pieces between them, the first place is as good as any.
                self.equal(end, last) && self.equal(start, first) && middle.iter().try_fold(text, after).is_some()
            }
        }
    }

    /// What stands behind the piece in the text.
    fn after<'a>(&self, text: &'a [u8], piece: &str) -> Option<&'a [u8]> {
        Some(&text[self.find(text, piece)? + piece.len()..])
    }

    fn find(&self, text: &[u8], piece: &str) -> Option<usize> {
        match self.case {
            Case::Counts => memmem::find(text, piece.as_bytes()),
            Case::Ignored => text.windows(piece.len()).position(|window| self.equal(window, piece)),
        }
    }

    fn equal(&self, text: &[u8], piece: &str) -> bool {
        match self.case {
            Case::Counts => text == piece.as_bytes(),
            Case::Ignored => text.eq_ignore_ascii_case(piece.as_bytes()),
        }
    }

    /// A text that it matches, in which `filler` stands for each `*`.
    pub(super) fn example(&self, filler: &str) -> String {
        self.pieces.join(filler)
    }

    /// What it was made of.
    pub(super) fn symbols(&self) -> impl Iterator<Item = Symbol> {
        self.pieces.iter().enumerate().flat_map(|(index, piece)| {
            let gap = (index > 0).then_some(Symbol::Any);
            gap.into_iter().chain(piece.chars().map(Symbol::Literal))
        })
    }
}
