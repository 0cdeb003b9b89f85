//! A store in memory that keeps to the rules as far as the pump can see, writes down what it is asked, and fails on demand.

mod calls;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::super::super::*;
use super::rows::Row;

/// What the next calls of this name come to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// None yet: the one behind it is for the call after that.
    NotYet,
    Down,
    /// Carried out, but there is no answer.
    Unclear,
    /// No consent.
    No,
    /// A fault of ours.
    Panic,
    /// No answer, ever.
    Hang,
}

#[derive(Default)]
pub(super) struct Fake {
    /// By which new rows are filed.
    pub(super) rules: AtomicI64,
    pub(super) rows: Mutex<Vec<Row>>,
    pub(super) calls: Mutex<Vec<&'static str>>,
    /// The rows of each claim that had some.
    pub(super) claims: Arc<Mutex<Vec<Vec<usize>>>>,
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    /// What heartbeats are answered.
    pub(super) went_back: Mutex<Option<WentBack>>,
}

impl Fake {
    /// A due row, for any of these upstreams.
    pub(super) fn add(&self, caller: &'static str, set: &[&str], lane: Lane) {
        let set = RouteSet::new(set.iter().copied());
        self.rows.lock().unwrap().push(Row {
            caller,
            set,
            rules: RulesVersion(self.rules.load(Ordering::Relaxed)),
            lane,
            state: State::Queued,
            fence: 0,
            due: Instant::now(),
            attempts: 0,
            losses: 0,
            upstream: None,
            replay_until: None,
            is_replay: false,
            ends: Vec::new(),
        });
    }

    pub(super) fn fail(&self, call: &'static str, fault: Fault) {
        self.faults.lock().unwrap().push_back((call, fault));
    }

    /// Has every call failed that was to fail?
    pub(super) fn has_failed(&self) -> bool {
        self.faults.lock().unwrap().is_empty()
    }

    /// The node has died: what only was claimed goes back, what was marked may have been sent.
    pub(super) fn bury_all(&self) {
        for row in self.rows.lock().unwrap().iter_mut() {
            row.state = match row.state {
                State::Claimed => State::Queued,
                State::Sending => State::Unknown,
                other => other,
            };
        }
    }

    pub(super) fn row(&self, row: usize) -> Row {
        self.rows.lock().unwrap()[row].clone()
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.rows.lock().unwrap().iter().filter(|row| row.state == state).count()
    }

    /// Calls other than those that are made again and again.
    pub(super) fn asked(&self) -> Vec<&'static str> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .copied()
            .filter(|call| !["heartbeat", "bury", "sweep", "stale", "reroute"].contains(call))
            .collect()
    }

    fn call<T: Send + 'static>(
        &self,
        name: &'static str,
        no: T,
        act: impl FnOnce(&mut Vec<Row>) -> T,
    ) -> Answered<'_, T> {
        self.calls.lock().unwrap().push(name);
        let fault = {
            let mut faults = self.faults.lock().unwrap();
            let at = faults.iter().position(|(call, _)| *call == name);
            at.and_then(|at| faults.remove(at))
        };
        let answer = match fault {
            Some((_, Fault::Down)) => Err(Failed::Down),
            Some((_, Fault::No)) => Ok(no),
            Some((_, Fault::Panic)) => panic!("a fault of ours"),
            Some((_, Fault::Hang)) => return Box::pin(std::future::pending()),
            Some((_, Fault::Unclear)) => {
                act(&mut self.rows.lock().unwrap());
                Err(Failed::Unclear)
            }
            Some((_, Fault::NotYet)) | None => Ok(act(&mut self.rows.lock().unwrap())),
        };
        Box::pin(async move {
            // As long as a commit.
            tokio::time::sleep(Duration::from_millis(2)).await;
            answer
        })
    }

    fn not_asked<T: Send + 'static>(&self, name: &'static str) -> Answered<'_, T> {
        self.calls.lock().unwrap().push(name);
        Box::pin(async { Err(Failed::Down) })
    }
}
