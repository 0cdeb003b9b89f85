//! "Did you mean": the known name that a misspelt one is nearest to, if it is near enough to be meant.
//!
//! Near is at most one edit for every three letters, and never more than three: an insertion, a removal, a replacement
//! or a swap of two neighbours (the optimal string alignment distance). Case, `-`, `_` and spaces do not count.
//! Deliberately absent: synonyms, which only the owner of the names knows.

/// More edits than this are another word.
const MAX_EDITS: usize = 3;

/// The nearest of `among`, the first of several. The time is bounded by the longest of them, however long `word` is.
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word);
    let most = MAX_EDITS.min(word.len() / 3);
    let near = among.into_iter().filter_map(|name| {
        let known = folded(name);
        // Each letter that is missing or too many is an edit.
        let edits = (known.len().abs_diff(word.len()) <= most).then(|| edits(&word, &known))?;
        (edits <= most).then_some((edits, name))
    });
    near.min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

fn folded(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// The edits from `from` to `to`, by rows of the usual table: a row for each letter of `from`.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut before_above = Vec::new();
    let mut above: Vec<_> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = above[j] + usize::from(a != b);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(before_above[j - 1] + 1);
            }
            row.push(least);
        }
        before_above = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 8] =
        ["to", "text", "reply_to", "attachments", "JSON_ONELINE", "DRAIN_DEADLINE", "PROVIDERS", "POLL_INTERVAL"];

    #[test]
    fn a_near_miss_finds_the_name_that_was_meant() {
        for (word, meant) in [
            ("replyTo", "reply_to"),
            ("Reply-To", "reply_to"),
            ("txt", "text"),
            ("tetx", "text"),
            ("attachment", "attachments"),
            ("json-oneline", "JSON_ONELINE"),
            ("PROVIDER", "PROVIDERS"),
            ("PROBE_INTERVAL", "POLL_INTERVAL"),
        ] {
            assert_eq!(nearest(word, NAMES), Some(meant), "{word}");
        }
    }

    #[test]
    fn a_far_name_or_a_very_short_one_finds_none() {
        for word in ["", "t", "ot", "tx", "body", "foo", "weight", "DRAIN_TIMEOUT", "PROVIDERS_BY_ORDER"] {
            assert_eq!(nearest(word, NAMES), None, "{word}");
        }
    }

    #[test]
    fn the_nearest_of_several_is_taken_and_the_first_of_equals() {
        assert_eq!(nearest("subjects", ["subjekt", "subject"]), Some("subject"));
        assert_eq!(nearest("mode", ["made", "more"]), Some("made"));
    }

    #[test]
    fn an_endless_word_is_as_cheap_as_reading_it() {
        assert_eq!(nearest(&"x".repeat(1 << 24), NAMES), None);
    }

    proptest! {
        #[test]
        fn any_one_edit_of_a_long_name_is_forgiven(at in 0..12usize, letter in "[a-z]", kind in 0..4u8) {
            let mut word: Vec<_> = "abcdefghijklm".chars().collect();
            match kind {
                0 => word.insert(at, letter.chars().next().unwrap()),
                1 => drop(word.remove(at)),
                2 => word[at] = letter.chars().next().unwrap(),
                _ => word.swap(at, at + 1),
            }
            let word: String = word.into_iter().collect();
            prop_assert_eq!(nearest(&word, ["nothing", "abcdefghijklm"]), Some("abcdefghijklm"));
            prop_assert!(edits(&folded(&word), &folded("abcdefghijklm")) <= 1);
        }

        #[test]
        fn edits_are_counted_alike_from_either_side(a in "[a-c]{0,7}", b in "[a-c]{0,7}") {
            let (a, b) = (folded(&a), folded(&b));
            prop_assert_eq!(edits(&a, &b), edits(&b, &a));
            prop_assert_eq!(edits(&a, &b) == 0, a == b);
            prop_assert!(edits(&a, &b) >= a.len().abs_diff(b.len()));
            prop_assert!(edits(&a, &b) <= a.len().max(b.len()));
        }
    }
}
