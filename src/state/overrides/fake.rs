//! A store of orders in memory, with the faults of a real one: what a node does with it is tested on a paused clock, and both
//! real stores are compared with it.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::interface::{KeptOverrides, Row, What, Writing};
use super::order::Order;
use crate::delivery::circuit::Override;
use crate::runtime::unix_time::UnixTime;
use crate::state::audit::Entry;
use crate::state::store::{Answered, Failed};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The store is known to be down.
    Down,
    /// It answers what it has, and writes nothing.
    ReadOnly,
    /// It is not carried out, and nobody is told.
    LostCall,
    /// It is carried out, and nobody is told.
    LostAnswer,
    /// It is carried out, and there is no answer at all.
    Hanging,
}

#[derive(Default)]
struct Kept {
    /// Each with the time at which its override ends.
    rows: BTreeMap<String, (Row, Option<UnixTime>)>,
    audit: Vec<Entry>,
    /// What the clock has jumped.
    jumped: i64,
}

pub(super) struct FakeStore {
    kept: Mutex<Kept>,
    fault: Mutex<Fault>,
    /// None: its clock stands unless it is set.
    start: Option<Instant>,
}

impl FakeStore {
    pub(super) fn new() -> Self {
        Self { start: Some(Instant::now()), ..Self::with_stopped_clock() }
    }

    /// One whose clock stands.
    pub(super) fn with_stopped_clock() -> Self {
        Self { kept: Mutex::default(), fault: Mutex::new(Fault::None), start: None }
    }

    /// From now on.
    pub(super) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Its clock is set.
    pub(super) fn jump(&self, millis: i64) {
        self.kept().jumped += millis;
    }

    /// An older copy takes its place, in which nothing was ordered.
    pub(super) fn forget(&self) {
        self.kept().rows.clear();
    }

    /// What holds for this upstream.
    pub(super) fn holds(&self, upstream: &str) -> Override {
        self.kept().rows.get(upstream).map_or(Override::Auto, |(row, _)| row.to)
    }

    /// The changes in the audit log, the oldest first, each with who made it.
    pub(super) fn audit(&self) -> Vec<Entry> {
        self.kept().audit.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    fn now(&self, kept: &Kept) -> UnixTime {
        let passed = self.start.map_or(Duration::ZERO, |start| start.elapsed());
        UnixTime(1_800_000_000_000 + kept.jumped).after(passed)
    }

    fn carry_out(&self, writing: &Writing) -> Row {
        let mut kept = self.kept();
        let now = self.now(&kept);
        kept.write(now, writing);
        kept.read(now, &writing.upstream)
    }
}

impl Kept {
    fn write(&mut self, now: UnixTime, writing: &Writing) {
        let Writing { upstream, what, entry, age } = writing;
        let at = now.before(age.unwrap_or_default());
        let none = (Row::none(upstream), None);
        let is_there = self.audit.iter().any(|other| other.id == entry.id);
        match what {
            What::End(of) => {
                let Some((row, ends_at)) = self.rows.get_mut(upstream).filter(|(row, _)| row.id == *of) else { return };
                (row.id, row.to, *ends_at) = (entry.id, Override::Auto, None);
                row.who.clone_from(&entry.who);
            }
            What::Order(_) if is_there => return,
            What::Order(Order::Reset) => self.rows.entry(upstream.clone()).or_insert(none).0.resets += 1,
            What::Order(Order::Override { to, ends_after }) => {
                let (row, ends_at) = self.rows.entry(upstream.clone()).or_insert(none);
                if age.is_none() || row.at <= at {
                    (row.id, row.to, row.at, *ends_at) = (entry.id, *to, at, ends_after.map(|time| at.after(time)));
                    row.who.clone_from(&entry.who);
                }
            }
        }
        if !is_there {
            self.audit.push(entry.clone());
        }
    }

    fn read(&self, now: UnixTime, upstream: &str) -> Row {
        let Some((row, ends_at)) = self.rows.get(upstream) else { return Row::none(upstream) };
        Row { ends_in: ends_at.map(|at| at.since(now)), ..row.clone() }
    }
}

impl KeptOverrides for FakeStore {
    fn write<'a>(&'a self, writing: &'a Writing) -> Answered<'a, Row> {
        Box::pin(async move {
            match self.fault() {
                Fault::None => Ok(self.carry_out(writing)),
                Fault::Down | Fault::ReadOnly => Err(Failed::Down),
                Fault::LostCall => Err(Failed::Unclear),
                Fault::LostAnswer => {
                    self.carry_out(writing);
                    Err(Failed::Unclear)
                }
                Fault::Hanging => {
                    self.carry_out(writing);
                    pending().await
                }
            }
        })
    }

    fn read(&self) -> Answered<'_, Vec<Row>> {
        Box::pin(async move {
            match self.fault() {
                Fault::None | Fault::ReadOnly => {
                    let kept = self.kept();
                    let now = self.now(&kept);
                    Ok(kept.rows.keys().map(|upstream| kept.read(now, upstream)).collect())
                }
                Fault::Hanging => pending().await,
                _ => Err(Failed::Down),
            }
        })
    }

    fn is_up(&self) -> bool {
        self.fault() != Fault::Down
    }
}

/// Longer than two reads, with all their deadlines.
pub(super) const SETTLING: Duration = Duration::from_secs(20);
