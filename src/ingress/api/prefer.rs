//! `Prefer: respond-async` (RFC 7240): the one preference that is known here.
//!
//! Other preferences, parameters and lines that are no list of preferences are ignored, as RFC 7240 2 allows: a client
//! that prefers something has to take an answer without it; `Preference-Applied` says whether it got it. A byte beyond
//! ASCII makes the word that it stands in another one, and nothing else.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The header of an answer that has met the preference.
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference, as it is answered.
pub(super) const RESPOND_ASYNC: HeaderValue = HeaderValue::from_static(NAME);

const NAME: &str = "respond-async";

/// Does the client ask not to wait? Of a preference that is given more than once, the first one counts.
pub(super) fn asks_for_async(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(PREFER).iter().filter_map(|line| first_of_line(line.as_bytes()));
    lines.next() == Some(Value::Empty)
}

/// What a preference is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// Nothing, or nothing between quotes, which is the same.
    Empty,
    Some,
}

/// The first value of the preference in this line; none where it is not there, or the line is malformed.
fn first_of_line(line: &[u8]) -> Option<Value> {
    let (mut rest, mut found) = (Rest(line), None);
    loop {
        // A list may have empty elements (RFC 9110 5.6.1.2).
        while rest.eat(b',') {}
        if rest.is_over() {
            return found;
        }
        let (name, value) = rest.preference()?;
        if name.eq_ignore_ascii_case(NAME.as_bytes()) {
            found = found.or(Some(value));
        }
        if !rest.is_over() && !rest.eat(b',') {
            return None;
        }
    }
}

/// What is left of a line.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn is_over(&mut self) -> bool {
        self.skip_blanks();
        self.0.is_empty()
    }

    /// Behind blanks, if it is this one.
    fn eat(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn skip_blanks(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    fn take_while(&mut self, is_part: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| !is_part(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// A preference, behind which its parameters are skipped.
    fn preference(&mut self) -> Option<(&'a [u8], Value)> {
        let preference = self.pair()?;
        while self.eat(b';') {
            self.skip_blanks();
            if self.0.first().copied().is_some_and(is_of_token) {
                self.pair()?;
            }
        }
        Some(preference)
    }

    /// A token, and what it is set to.
    fn pair(&mut self) -> Option<(&'a [u8], Value)> {
        let name = self.token()?;
        let value = if self.eat(b'=') { self.word()? } else { Value::Empty };
        Some((name, value))
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        let token = self.take_while(is_of_token);
        (!token.is_empty()).then_some(token)
    }

    /// A token or a quoted string.
    fn word(&mut self) -> Option<Value> {
        if !self.eat(b'"') {
            return self.token().map(|_| Value::Some);
        }
        let mut value = Value::Empty;
        loop {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            match first {
                b'"' => return Some(value),
                b'\\' => self.0 = self.0.split_first()?.1,
                _ => {}
            }
            value = Value::Some;
        }
    }
}

/// RFC 9110 5.6.2; a byte beyond ASCII makes no sign of a list.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asks(lines: &[&[u8]]) -> bool {
        let lines = lines.iter().map(|line| (PREFER, HeaderValue::from_bytes(line).expect("a value")));
        asks_for_async(&lines.collect())
    }

    #[test]
    fn the_preference_is_found_in_any_list() {
        for line in [
            "respond-async",
            "Respond-ASYNC",
            " respond-async\t",
            "respond-async, wait=10",
            "return=minimal,respond-async",
            ", ,respond-async ,",
            "respond-async; a=b;c ; d = \"x, y\"",
            "respond-async;",
            "respond-async ; ; a",
            "respond-async=\"\"",
            "handling = \"respond-\\\"async, \", respond-async",
            "respond-async, respond-async=x",
        ] {
            assert!(asks(&[line.as_bytes()]), "{line}");
        }
        assert!(asks(&[b"return=minimal", b"wait=5, respond-async"]), "in several lines");
        for line in
            [&b"caf\xe9, respond-async"[..], b"respond-async, lang=\xc3\xa9;\xff", b"\xfe=\"\xff\", respond-async"]
        {
            assert!(asks(&[line]), "a word beyond ASCII beside it: {line:?}");
        }
        assert!(asks(&[b"handling=\"", b"respond-async"]), "beside a line that is none");
    }

    #[test]
    fn what_is_not_the_preference_is_ignored() {
        for line in [
            "",
            ",",
            "respond-asynchronously",
            "xrespond-async",
            "return=respond-async",
            "handling=\"respond-async\"",
            "wait; respond-async",
            "respond-async=x",
            "respond-async=x, respond-async",
            "handling=\", respond-async",
            "respond-async, =",
            "respond-async wait",
            "respond-async, a b",
            "respond-async, \"a\"",
            "respond-async=",
            "respond-async\u{e9}",
        ] {
            assert!(!asks(&[line.as_bytes()]), "{line}");
        }
        assert!(!asks(&[b"respond-async\xff"]) && !asks(&[b"respond\xe9-async"]), "a word beyond ASCII is another one");
        assert!(!asks(&[]));
        assert!(!asks(&[b"respond-async=x", b"respond-async"]), "the first one counts");
    }

    proptest! {
        #[test]
        fn no_line_is_read_for_ever_or_beyond_its_end(line in "[ ,;=\"\\\\ar-]{0,40}") {
            let with = first_of_line(format!("respond-async,{line}").as_bytes());
            let alone = first_of_line(line.as_bytes());
            prop_assert!(alone.is_none(), "{line:?}");
            prop_assert!(matches!(with, None | Some(Value::Empty)));
        }
    }
}
