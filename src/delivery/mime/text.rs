//! Text in a header field whose body has no structure (RFC 5322 2.2.1): a subject, a header of the caller's.
//!
//! Printable ASCII stays as it is. In encoded-words goes what is not ASCII, what a reader would take for an encoded-word,
//! what is too long for a line, and spaces at the ends, which readers cut off. Between two encoded-words white space is
//! not shown (RFC 2047 6.2), so neighbours are encoded as one text. A line is folded at single spaces only: not every
//! reader keeps a run of them there.

use super::field::Field;

/// The field; words of ASCII that are longer than `max_len` are encoded.
pub(super) fn field(name: &str, text: &str, max_len: usize) -> Field {
    let mut field = Field::new(name);
    let (mut start, mut encoded) = (0, None);
    for end in single_spaces(text).chain([text.len()]).filter(|_| !text.is_empty()) {
        let word = &text[start..end];
        if is_plain(word, max_len) {
            if let Some(first) = encoded.take() {
                field.encoded(&text[first..start - 1]);
            }
            field.word(word);
        } else {
            encoded.get_or_insert(start);
        }
        start = end + 1;
    }
    if let Some(first) = encoded {
        field.encoded(&text[first..]);
    }
    field
}

/// Where a single space stands between two words.
fn single_spaces(text: &str) -> impl Iterator<Item = usize> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|&byte| byte != b' ');
    let bytes = text.as_bytes();
    let spaces = bytes.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at);
    spaces.filter(move |&at| at > 0 && is_word(bytes.get(at - 1)) && is_word(bytes.get(at + 1)))
}

fn is_plain(word: &str, max_len: usize) -> bool {
    let is_printable = word.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_printable && word.len() <= max_len && word.trim() == word && !word.contains("=?")
}
