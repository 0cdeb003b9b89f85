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
        Self { pieces, case }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let (first, rest) = match &self.pieces[..] {
            [] => return false,
            [whole] => return self.equal(text.as_bytes(), whole),
            [first, rest @ ..] => (first, rest),
        };
        let Some((start, mut text)) = text.as_bytes().split_at_checked(first.len()) else { return false };
        if !self.equal(start, first) {
            return false;
        }
        for (left, piece) in (0..rest.len()).rev().zip(rest) {
            // The last piece has to be the end; of the others, the first place is as good as any.
            let at = if left == 0 { text.len().checked_sub(piece.len()) } else { self.find(text, piece) };
            let Some((found, after)) = at.map(|at| text[at..].split_at(piece.len())) else { return false };
            if !self.equal(found, piece) {
                return false;
            }
            text = after;
        }
        true
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
