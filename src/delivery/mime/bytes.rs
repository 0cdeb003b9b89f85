//! The bytes of a file while it is written.

use std::fmt;

use super::field::Field;

pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    pub(super) fn with_room_for(size: usize) -> Self {
        Self(Vec::with_capacity(size))
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn field(&mut self, field: Field) {
        self.text(&field.end());
    }

    pub(super) fn end_of_line(&mut self) {
        self.text("\r\n");
    }

    /// With CRLF between them.
    pub(super) fn lines<'a>(&mut self, lines: impl Iterator<Item = &'a [u8]>) {
        for (index, line) in lines.enumerate() {
            if index > 0 {
                self.end_of_line();
            }
            self.bytes(line);
        }
    }

    /// Whole lines.
    pub(super) fn end(mut self) -> Vec<u8> {
        if !self.0.ends_with(b"\r\n") {
            self.end_of_line();
        }
        self.0
    }
}

/// For what an encoder writes.
impl fmt::Write for Bytes {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}
