//! For tests: a store that keeps its rows in memory and fails as it is told.

mod calls;
mod rows;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use rows::{Fault, NOW, Row};

use super::{Filed, OutboxService, Parts, Rows, Settings};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::receipt::{Failure, SendError};
use crate::model::submission::Submission;
use crate::runtime::metrics::Metrics;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::*;
use crate::state::store::{StoreKeys, Up};

type File = Box<dyn Fn(&Submission) -> Filed + Send + Sync>;

/// The store.
#[derive(Default)]
pub(crate) struct FakeStore {
    pub(crate) rows: Mutex<Vec<Row>>,
    pub(crate) fault: Mutex<Option<Fault>>,
    /// Can it not even tell whether it has a mail?
    pub(crate) tells_nothing: AtomicBool,
    paused: Mutex<bool>,
    notes: Mutex<Vec<Noted>>,
    /// Is it an older copy?
    pub(crate) went_back: Mutex<Option<WentBack>>,
    /// The domain that no upstream may send for.
    pub(crate) refused_domain: Mutex<&'static str>,
    pub(crate) metrics: Metrics,
    /// Is it known to be down?
    pub(crate) up: Option<Up>,
    /// How often the pump was woken.
    pub(crate) woken: AtomicUsize,
    /// Since when the oldest mail of each site is there.
    pub(crate) oldest: Mutex<HashMap<String, UnixTime>>,
    /// The sites whose mail was to come by at once.
    pub(crate) opened: Mutex<Vec<String>>,
}

impl FakeStore {
    /// From now on it does this.
    pub(crate) fn does(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }

    /// The rows are in this state.
    pub(crate) fn put_all(&self, state: State) {
        self.rows.lock().unwrap().iter_mut().for_each(|row| row.status.ticket.state = state);
    }

    /// Its mails, for a node whose outbox is off.
    pub(crate) fn looked_up(self: &Arc<Self>) -> Rows {
        Rows::new(Arc::clone(self) as Arc<dyn Outbox>, sealer())
    }

    /// The service over it, with these settings.
    pub(crate) fn service(self: &Arc<Self>, settings: Settings) -> Arc<OutboxService> {
        self.paused_service(settings, PausedStart::default())
    }

    /// The service of a node that may have started paused.
    pub(crate) fn paused_service(
        self: &Arc<Self>,
        settings: Settings,
        paused_start: PausedStart,
    ) -> Arc<OutboxService> {
        let filing = Arc::clone(self);
        self.over(settings, paused_start, Box::new(move |submission| filing.file(submission)))
    }

    /// The service of a node that files mail so.
    pub(crate) fn filing_service(self: &Arc<Self>, settings: Settings, file: File) -> Arc<OutboxService> {
        self.over(settings, PausedStart::default(), file)
    }

    fn over(self: &Arc<Self>, settings: Settings, paused_start: PausedStart, file: File) -> Arc<OutboxService> {
        let (woken, opened, looking) = (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        let parts = Parts {
            store: Arc::clone(self) as Arc<dyn Outbox>,
            up: self.up.clone().unwrap_or_else(|| Up::new(self.metrics.store.of("sqlite"), true)),
            sealer: sealer(),
            file,
            wake: Box::new(move || {
                woken.woken.fetch_add(1, Ordering::Relaxed);
            }),
            open_site: Box::new(move |site| opened.opened.lock().unwrap().push(site)),
            oldest_of_sites: Box::new(move |sites| {
                let known = looking.oldest.lock().unwrap();
                let oldest: Vec<_> = sites.iter().map(|site| known.get(site).copied()).collect();
                Box::pin(async move { oldest })
            }),
            paused_start,
            policy: pump::Policy::default(),
            metrics: Arc::new(metrics_of(&self.metrics, settings.room())),
            mails: self.metrics.mails.clone(),
            drain: Drain::default(),
        };
        Arc::new(OutboxService::new(parts, &settings))
    }

    fn file(&self, Submission { message, .. }: &Submission) -> Filed {
        let is_refused = message.from().address().domain() == *self.refused_domain.lock().unwrap();
        let refusal = is_refused.then(|| SendError::new(message.id(), Failure::SenderRejected, Vec::new()));
        Filed { route_set: RouteSet::new(["u0"]), rules: RulesVersion(1), refusal }
    }

    fn keep_note(&self, note: Note) {
        let mut notes = self.notes.lock().unwrap();
        let number = i64::try_from(notes.len()).unwrap();
        notes.push(Noted { number, at: NOW, note });
    }

    fn answer<T: Send + 'static>(&self, work: impl FnOnce(&mut Vec<Row>) -> T) -> Answered<'_, T> {
        let fault = *self.fault.lock().unwrap();
        assert!(fault != Some(Fault::Panic), "as the test asked");
        if fault == Some(Fault::Down) {
            return Box::pin(async { Err(Failed::Down) });
        }
        if fault == Some(Fault::Hang) {
            return Box::pin(std::future::pending());
        }
        let answer = work(&mut self.rows.lock().unwrap());
        let answer = if fault == Some(Fault::Unclear) { Err(Failed::Unclear) } else { Ok(answer) };
        Box::pin(async move { answer })
    }

    fn change<'a>(
        &'a self,
        caller: &CallerName,
        id: Id,
        change: impl FnOnce(&mut Status) -> bool,
    ) -> Answered<'a, Change> {
        self.answer(|rows| {
            let found = rows.iter_mut().find(|row| row.caller == *caller && row.status.ticket.id == id);
            let Some(row) = found else { return Change::NotFound };
            let answer = if change(&mut row.status) { Change::Done } else { Change::Conflict };
            answer(Box::new(row.status.clone()))
        })
    }
}

fn sealer() -> Sealer {
    Sealer::new(Arc::new(StoreKeys::parse(&format!("test:{}", "0".repeat(64))).unwrap()))
}

/// Settings with plenty of room.
pub(crate) fn settings() -> Settings {
    let expiry = Duration::from_secs(48 * 3600);
    Settings { on: true, fallback: true, max_rows: 1000, max_bytes: 1_000_000, expiry }
}
