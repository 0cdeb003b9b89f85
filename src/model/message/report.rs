//! What makes a mail a report about the delivery of another one (RFC 3464), beside its text.

/// The parts of a report that programs read.
pub struct Report {
    status: String,
    head: Option<String>,
}

/// Octets of a line without its end (RFC 5322 2.1.1).
const MAX_LINE_LEN: usize = 998;

impl Report {
    /// The status of each recipient, as `message/delivery-status` has it, and the head of the mail that was not delivered.
    /// `None`: the status is no lines of ASCII.
    pub fn new(status: String, head: Option<String>) -> Option<Self> {
        let is_plain = status.bytes().all(|byte| byte == b'\n' || byte == b' ' || byte.is_ascii_graphic());
        let is_sound = is_plain && status.lines().all(|line| line.len() <= MAX_LINE_LEN);
        is_sound.then_some(Self { status, head })
    }

    /// Groups of fields, with an empty line between them; LF ends each line.
    pub fn status(&self) -> &str {
        &self.status
    }

    /// The head of the other mail, if it is known.
    pub fn head(&self) -> Option<&str> {
        self.head.as_deref()
    }

    pub(super) fn size(&self) -> usize {
        self.status.len() + self.head().map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_of_lines_of_ascii() {
        let new = |status: &str| Report::new(status.to_owned(), None).is_some();
        assert!(new("Reporting-MTA: dns; mx.example.org\n\nAction: failed\n"));
        for status in ["a\r\nb", "a\0", "\u{e9}", "a\tb", &"a".repeat(999)] {
            assert!(!new(status), "{status:?}");
        }
    }
}
