//! A change as the text of its record in a store.
//!
//! Fields may be added; what an older version has written is read for as long as records are kept.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::order::{Change, Order, Status};
use crate::delivery::circuit::{Override, State};
use crate::runtime::millis::millis;

#[derive(Serialize, Deserialize)]
struct Written {
    upstream: String,
    /// Absent: a reset.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_after: Option<u64>,
    before: WrittenStatus,
    after: WrittenStatus,
}

#[derive(Serialize, Deserialize)]
struct WrittenStatus {
    state: String,
    #[serde(rename = "override")]
    overriding: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_in: Option<u64>,
}

/// As text.
pub(super) fn write(change: &Change) -> String {
    let (to, ends_after) = match change.order {
        Order::Override { to, ends_after } => (Some(to.as_str().to_owned()), ends_after.map(millis)),
        Order::Reset => (None, None),
    };
    let status = |status: &Status| WrittenStatus {
        state: status.state.as_str().to_owned(),
        overriding: status.overriding.as_str().to_owned(),
        ends_in: status.ends_in.map(millis),
    };
    let (before, after) = (status(&change.before), status(&change.after));
    let written = Written { upstream: change.upstream.to_string(), to, ends_after, before, after };
    serde_json::to_string(&written).unwrap_or_default()
}

/// From the text of a record; none if that is no change of a circuit.
pub fn read_change(text: &str) -> Option<Change> {
    let Written { upstream, to, ends_after, before, after } = serde_json::from_str(text).ok()?;
    let order = match to {
        Some(word) => Order::Override { to: overriding(&word)?, ends_after: ends_after.map(Duration::from_millis) },
        None => Order::Reset,
    };
    Some(Change { upstream: Arc::from(upstream), order, before: status(before)?, after: status(after)? })
}

fn status(written: WrittenStatus) -> Option<Status> {
    Some(Status {
        state: State::ALL.into_iter().find(|state| state.as_str() == written.state)?,
        overriding: overriding(&written.overriding)?,
        ends_in: written.ends_in.map(Duration::from_millis),
    })
}

/// The override of this word.
pub(super) fn overriding(word: &str) -> Option<Override> {
    Override::ALL.into_iter().find(|to| to.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(order: Order) -> Change {
        let before = Status { state: State::Open, overriding: Override::Auto, ends_in: None };
        let after = Status { ends_in: Some(Duration::from_secs(3)), overriding: Override::Open, ..before };
        Change { upstream: "mg".into(), order, before, after }
    }

    #[test]
    fn a_change_is_read_as_it_was_written_for_ever() {
        let (to, ends_after) = (Override::Open, Some(Duration::from_millis(1500)));
        for (order, expected) in [
            (Order::Override { to, ends_after }, r#""override":"open","ends_after":1500,"#),
            (Order::Override { to: Override::Auto, ends_after: None }, r#""override":"auto","#),
            (Order::Reset, ""),
        ] {
            let text = write(&change(order));
            let begin = format!(r#"{{"upstream":"mg",{expected}"before":{{"state":"open","override":"auto"}},"#);
            assert_eq!(text, begin + r#""after":{"state":"open","override":"open","ends_in":3000}}"#);
            assert_eq!(read_change(&text), Some(change(order)));
        }
    }

    #[test]
    fn what_is_no_change_is_none() {
        let text = write(&change(Order::Reset));
        for text in ["", "{}", "null", &text.replace("auto", "ajar"), &text.replace("open", "ajar")] {
            assert_eq!(read_change(text), None, "{text}");
        }
        assert!(read_change(&text.replacen('{', r#"{"later":1,"#, 1)).is_some(), "a later version may add to it");
    }
}
