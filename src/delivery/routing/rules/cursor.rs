//! A place in the text of rules, and what is read from there.

use super::problem::Fault;

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// Bytes before it.
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes this, if it stands here.
    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let is_here = self.rest().starts_with(wanted);
        if is_here {
            self.at += wanted.len();
        }
        is_here
    }

    /// Takes all characters up to the first that is not such.
    pub(super) fn take_while(&mut self, such: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let (taken, _) = rest.split_at(rest.find(|c| !such(c)).unwrap_or(rest.len()));
        self.at += taken.len();
        taken
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\r'));
    }

    /// Goes to the next rule, over blank lines, `;` and comments. Is there one?
    pub(super) fn is_at_rule(&mut self) -> bool {
        loop {
            self.take_while(|c| c.is_ascii_whitespace() || c == ';');
            match self.peek() {
                Some('#') => drop(self.take_while(|c| c != '\n')),
                next => return next.is_some(),
            }
        }
    }

    /// Does the rule end here?
    pub(super) fn is_at_end(&self) -> bool {
        matches!(self.peek(), None | Some(';' | '\n' | '#'))
    }

    /// Goes to the end of the rule, from anywhere in it; what stands in quotes ends nothing but with its line.
    pub(super) fn skip_rule(&mut self) {
        let mut is_quoted = false;
        while !(self.is_at_end() && (!is_quoted || matches!(self.peek(), None | Some('\n')))) {
            match self.next() {
                Some('"') => is_quoted = !is_quoted,
                Some('\\') if is_quoted => drop(self.next()),
                _ => {}
            }
        }
    }

    /// What is wrong at this place.
    pub(super) fn fault<T>(&self, problem: impl Into<String>) -> Result<T, Fault> {
        Err(Fault { at: self.at, problem: problem.into() })
    }
}
