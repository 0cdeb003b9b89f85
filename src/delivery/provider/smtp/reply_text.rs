//! The words of a reply that are the relay's own: what may be an echo of a caller's text is left out.
//!
//! Relays repeat addresses, subjects and links. Left out are quoted text, from the first mark to the last of its kind, for
//! a caller may write marks too; and every word with `@`, `<`, `>` or a dot inside. It errs towards leaving out: then a
//! reply says less, and blames nobody. What is repeated without any mark is looked for in the mail by the caller of this module.

use crate::delivery::smtp_client::reply::Reply;

/// Marks in pairs; an apostrophe counts only before a word.
const MARKS: [(char, char); 8] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('<', '>'), ('“', '”'), ('«', '»'), ('(', ')'), ('[', ']')];

/// In lower case, each with one space between.
pub(super) fn own(reply: &Reply) -> String {
    let text = reply.lines().collect::<Vec<_>>().join(" ").to_lowercase();
    let text = MARKS.iter().fold(text, |text, marks| without_quoted(&text, *marks));
    text.split_whitespace().filter(|word| !is_foreign(word)).collect::<Vec<_>>().join(" ")
}

/// Without what stands from the first mark to the last; to the end, if none closes it.
fn without_quoted(text: &str, (open, close): (char, char)) -> String {
    let opens = |&(at, c): &(usize, char)| {
        c == open && (c != '\'' || !text[..at].ends_with(|before: char| before.is_alphanumeric()))
    };
    let Some((start, _)) = text.char_indices().find(opens) else { return text.to_owned() };
    let rest = &text[start + open.len_utf8()..];
    let tail = rest.rfind(close).map_or("", |at| &rest[at + close.len_utf8()..]);
    // What was glued to it belongs to it.
    let (before, after) = (text[..start].trim_end_matches(is_glued), tail.trim_start_matches(is_glued));
    [before, after].join(" ")
}

fn is_glued(c: char) -> bool {
    !c.is_whitespace()
}

/// Could it be a part of an address, a domain or a link, or a number with dots?
fn is_foreign(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !"@<>".contains(c));
    word.contains(['@', '<', '>', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::smtp_client::reply::Line;

    fn words(lines: &[&str]) -> String {
        let mut lines = lines.iter().map(|line| Line::parse(line).unwrap());
        let mut reply = Reply::new(&lines.next().unwrap());
        assert!(lines.all(|line| reply.push(&line)));
        own(&reply)
    }

    #[test]
    fn addresses_domains_links_and_codes_are_left_out() {
        for (line, own) in [
            ("450 4.7.1 too many  messages.", "too many messages."),
            ("450 rate@limit.example busy", "busy"),
            ("450 <rate limit@x.example>: busy", "busy"),
            ("450 no such domain: relay.account.example", "no such domain:"),
            ("450 see https://x.example/rate-limit, please", "see please"),
            ("450 from=<a@b.example> busy", "busy"),
            ("450 (#4.7.1) busy", "busy"),
        ] {
            assert_eq!(words(&[line]), own, "{line}");
        }
    }

    #[test]
    fn quoted_text_is_left_out_whatever_marks_stand_in_it() {
        for line in [
            "450 busy \"rate limit\"",
            "450 busy \"a\" rate limit \"b\"",
            "450 busy 'rate limit'",
            "450 busy 'don't rate limit' ",
            "450 busy “rate limit”",
            "450 busy <x> rate limit <y>",
            "450 busy \"rate limit",
            "450 busy subject=\"rate limit\"",
        ] {
            assert_eq!(words(&[line]), "busy", "{line}");
        }
        assert_eq!(words(&["450 we don't relay"]), "we don't relay");
    }

    #[test]
    fn words_go_on_over_lines_and_know_no_case() {
        assert_eq!(words(&["450-4.7.0 RATE", "450 4.7.0 Limit"]), "rate limit");
    }
}
