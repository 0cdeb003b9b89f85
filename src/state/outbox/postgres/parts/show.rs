//! What a status shows of parts: read as texts in the statement of the status, so that all of it is of one moment.

use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::parts::{UPSTREAM, read_places, read_verdicts};
use crate::state::outbox::{PartStatus, State, TriedAt};

/// The parts of row `o`, in the order in which they came about; null of one that was never split.
pub(in super::super) const PARTS: &str = "case when o.split > 0 then (
        select jsonb_agg(jsonb_build_array(p.state, p.places, p.due, p.attempts, p.possible_duplicate, p.verdicts)
            order by p.part)::text
        from smsp_part p where p.row_id = o.row_id) end";

/// Every hand-over of a part of row `o`, the first one first.
pub(in super::super) const ATTEMPTS: &str = "case when o.split > 0 then (
        select jsonb_agg(jsonb_build_array(t.at, t.took, t.outcome, t.reason, t.code, t.late) order by t.at, t.part, t.fence)::text
        from smsp_part_attempt t join smsp_part p using (part) where p.row_id = o.row_id) end";

/// What [`PARTS`] has written.
pub(in super::super) fn parts(text: Option<&str>) -> Vec<PartStatus> {
    type Written = (usize, String, i64, u32, bool, Option<String>);
    let read: Vec<Written> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let part = |(state, places, due, attempts, possible_duplicate, verdicts): Written| {
        let state = *State::ALL.get(state)?;
        let (places, verdicts) = (read_places(&places), read_verdicts(verdicts.as_deref()));
        let next_attempt_at = (state == State::Queued).then_some(UnixTime(due));
        Some(PartStatus { state, places, next_attempt_at, attempts, possible_duplicate, verdicts })
    };
    read.into_iter().filter_map(part).collect()
}

/// What [`ATTEMPTS`] has written.
pub(in super::super) fn attempts(text: Option<&str>) -> Vec<TriedAt> {
    type Written = (i64, Option<i64>, Option<String>, Option<String>, Option<String>, bool);
    let read: Vec<Written> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let tried = |(at, took_ms, outcome, reason, code, late): Written| {
        let (upstream, at) = (UPSTREAM.to_owned(), UnixTime(at));
        TriedAt { upstream, at, took_ms, outcome, reason, code, provider_message_id: None, late }
    };
    read.into_iter().map(tried).collect()
}
