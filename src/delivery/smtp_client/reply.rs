//! What a far end answers: a code of three digits, perhaps an enhanced one (RFC 3463), and words for people.
//!
//! Read by hand: a whole grammar of SMTP would be needed for a server, not for three digits and a mark.

use std::fmt;

/// One complete answer, of one line or many.
#[derive(PartialEq, Eq)]
pub struct Reply {
    /// Its three digits.
    pub code: u16,
    lines: Vec<String>,
}

/// Redacted: a far end repeats addresses.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} lines)", self.code, self.lines.len())
    }
}

/// One line of an answer.
#[derive(PartialEq, Eq)]
pub struct Line<'a> {
    code: u16,
    /// Does no further line follow?
    pub is_last: bool,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// `250-text`, `250 text` or `250`.
    pub fn parse(line: &'a str) -> Option<Self> {
        let (digits, rest) = line.split_at_checked(3)?;
        let code = digits.parse().ok().filter(|code| (200..600).contains(code))?;
        let is_last = match rest.chars().next() {
            None | Some(' ') => true,
            Some('-') => false,
            Some(_) => return None,
        };
        Some(Self { code, is_last, text: rest.get(1..).unwrap_or_default() })
    }
}

impl Reply {
    /// An answer that begins with this line.
    pub fn new(first: &Line) -> Self {
        Self { code: first.code, lines: vec![first.text.to_owned()] }
    }

    /// Takes a further line of the same answer. Is it one?
    pub fn push(&mut self, line: &Line) -> bool {
        self.lines.push(line.text.to_owned());
        self.code == line.code
    }

    /// Is it a positive completion reply, 2yz (RFC 5321 4.2.1)?
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// What its lines say after their codes.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// As the far end wrote it.
    pub fn text(&self) -> String {
        let last = self.lines.len().saturating_sub(1);
        let line = |(at, line): (usize, &String)| format!("{}{}{line}", self.code, if at < last { '-' } else { ' ' });
        self.lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Subject and detail of the enhanced code, `(7, 1)` of `5.7.1`; its class must be that of the code (RFC 2034 4), its
    /// numbers of three digits at most (RFC 3463 2).
    pub fn enhanced(&self) -> Option<(u16, u16)> {
        let mut numbers = self.lines.first()?.split_whitespace().next()?.split('.').map(number);
        let parts = (numbers.next()?, numbers.next()?, numbers.next()?, numbers.next());
        let (Some(class), Some(subject), Some(detail), None) = parts else { return None };
        (class == self.code / 100).then_some((subject, detail))
    }
}

fn number(digits: &str) -> Option<u16> {
    let plain = digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(lines: &[&str]) -> Reply {
        let mut lines = lines.iter().map(|line| Line::parse(line).unwrap());
        let mut reply = Reply::new(&lines.next().unwrap());
        assert!(lines.all(|line| reply.push(&line)));
        reply
    }

    #[test]
    fn a_line_has_a_code_and_tells_whether_more_follow() {
        for (text, code, is_last, rest) in [
            ("250 ok", 250, true, "ok"),
            ("250-SIZE 10", 250, false, "SIZE 10"),
            ("250", 250, true, ""),
            ("354 ", 354, true, ""),
        ] {
            assert!(Line::parse(text) == Some(Line { code, is_last, text: rest }), "{text}");
        }
        for text in ["", "25", "2x0 ok", "+25 ok", "199 no", "600 no", "250ok", "250_ok", "HTTP/1.1 400", "ü50 ok"] {
            assert!(Line::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_enhanced_code_agrees_with_the_code() {
        for (line, enhanced) in [
            ("550 5.1.1 unknown", Some((1, 1))),
            ("554 5.7.708 no", Some((7, 708))),
            ("250 2.0.0", Some((0, 0))),
            ("550 4.1.1 unknown", None),
            ("550 5.1 unknown", None),
            ("550 5.1.1.1 unknown", None),
            ("550 unknown 5.1.1", None),
            ("550 5.+1.1 unknown", None),
            ("550 5.1.1000 unknown", None),
            ("550 5..1 unknown", None),
            ("550", None),
        ] {
            assert_eq!(reply(&[line]).enhanced(), enhanced, "{line}");
        }
    }

    #[test]
    fn the_text_of_a_reply_is_what_the_relay_wrote() {
        assert_eq!(reply(&["554-5.7.1 no", "554 never"]).text(), "554-5.7.1 no\n554 never");
        assert_eq!(reply(&["250"]).text(), "250 ");
    }
}
