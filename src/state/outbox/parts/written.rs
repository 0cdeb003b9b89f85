//! Places and verdicts of a part as texts of a column.

use serde_json::{Value, json};

use super::ended::{PartTo, PartVerdict};
use crate::model::outcome::Outcome;

const WORDS: [(PartTo, &str); 4] = [
    (PartTo::Unknown, "unknown"),
    (PartTo::Again, "again"),
    (PartTo::Accepted, "accepted"),
    (PartTo::Refused, "refused"),
];

/// With a comma between them.
pub(in crate::state::outbox) fn written_places(places: &[u32]) -> String {
    places.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// What [`written_places`] has written.
pub(in crate::state::outbox) fn read_places(text: &str) -> Vec<u32> {
    text.split(',').filter_map(|place| place.parse().ok()).collect()
}

/// A list of lists.
pub(in crate::state::outbox) fn written_verdicts(verdicts: &[PartVerdict]) -> String {
    let one = |verdict: &PartVerdict| {
        let PartVerdict { place, to, outcome, reason, code, host } = verdict;
        let word = WORDS.iter().find(|(one, _)| one == to).map_or("", |(_, word)| word);
        json!([place, word, outcome.as_str(), plain(reason), code.as_deref().map(plain), host.as_deref().map(plain)])
    };
    verdicts.iter().map(one).collect::<Value>().to_string()
}

/// What [`written_verdicts`] has written; nothing of what cannot be read.
pub(in crate::state::outbox) fn read_verdicts(text: Option<&str>) -> Vec<PartVerdict> {
    type Written = (u32, String, String, String, Option<String>, Option<String>);
    let read: Vec<Written> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let verdict = |(place, to, outcome, reason, code, host): Written| {
        let (to, _) = WORDS.into_iter().find(|(_, word)| *word == to)?;
        let outcome = Outcome::ALL.into_iter().find(|one| one.as_str() == outcome)?;
        Some(PartVerdict { place, to, outcome, reason, code, host })
    };
    read.into_iter().filter_map(verdict).collect()
}

/// No database takes a zero byte in a text.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let verdict = |(to, _)| PartVerdict {
            place: 7,
            to,
            outcome: Outcome::Deferred,
            reason: "\"x\"".to_owned(),
            code: Some("4.7.1".to_owned()),
            host: Some("mx.example".to_owned()),
        };
        let verdicts = WORDS.map(verdict);
        assert_eq!(read_verdicts(Some(&written_verdicts(&verdicts))), verdicts);
        assert_eq!(read_verdicts(None), []);
        assert_eq!(read_verdicts(Some("[")), []);
        assert_eq!(read_places(&written_places(&[0, 7, 12])), [0, 7, 12]);
        assert_eq!(read_places(""), Vec::<u32>::new());
    }
}
