//! The rows of the store in memory.

use tokio::time::Instant;
use uuid::Uuid;

use super::super::super::*;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;

/// One row.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) caller: &'static str,
    pub(super) set: RouteSet,
    pub(super) rules: RulesVersion,
    pub(super) lane: Lane,
    pub(super) state: State,
    pub(super) fence: i64,
    pub(super) due: Instant,
    pub(super) attempts: u32,
    pub(super) losses: u32,
    pub(super) upstream: Option<String>,
    pub(super) replay_until: Option<Instant>,
    /// Was it handed over before its present claim, with no verdict?
    pub(super) is_replay: bool,
    /// What each claim came to.
    pub(super) ends: Vec<String>,
}

/// The row as a claim of it shows it.
pub(super) fn claimed(place: usize, row: &Row, node: NodeId) -> Claimed {
    Claimed {
        hold: Hold { row: RowId(place as i64), fence: Fence(row.fence), node },
        id: Uuid::from_u128(place as u128).into(),
        caller: row.caller.into(),
        key: None::<IdempotencyKey>,
        lane: row.lane,
        route_set: row.set.clone(),
        accepted_at: UnixTime(0),
        expires_at: UnixTime(i64::MAX),
        attempts: row.attempts,
        possible_duplicate: false,
        was_lost: row.losses > 0,
        content: Some(SealedContent {
            key_id: KeyId(row.caller.to_owned()),
            wrapped_key: Vec::new(),
            parts: Vec::new(),
        }),
    }
}

/// The row, if it is held so and in one of these states.
pub(super) fn held<'a>(rows: &'a mut [Row], hold: &Hold, states: &[State]) -> Option<&'a mut Row> {
    let row = rows.get_mut(usize::try_from(hold.row.0).ok()?)?;
    (row.fence == hold.fence.0 && states.contains(&row.state)).then_some(row)
}

pub(super) fn words(verdicts: &[Verdict]) -> String {
    let word = |verdict: &Verdict| {
        let late = if verdict.late { " late" } else { "" };
        format!("{}:{}{late}", verdict.upstream, verdict.outcome.as_str())
    };
    verdicts.iter().map(word).collect::<Vec<_>>().join(" ")
}
