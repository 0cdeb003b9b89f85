//! The store as the calls of a node use it: what they say is sealed, and no answer is waited for without end.
//!
//! A call of the store that is given up may be carried out all the same. So what must not stay is undone behind it, for as
//! long as it may yet be carried out.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tracing::warn;

use super::encoding::{decode, encode, unreadable};
use super::known::Known;
use super::sealing::Sealer;
use super::stored::{Begun, CallNumber, End, NewCall, Record, Recorded, Seen, Settled, StoredAnswers};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::receipt::SendError;
use crate::state::store::{Failed, StoreKeys};

/// How long the store may take for one thing: a caller waits for it.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// For how long something is tried again behind the back of its caller.
const TRIED_FOR: Duration = Duration::from_secs(60);
/// From one attempt to the next, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Calls for which something is tried again, at most; what is beyond that is `unknown` after its lease.
const TRIED_AT_ONCE: usize = 1000;

/// What the store knows of mails.
#[derive(Clone)]
pub struct Kept {
    store: Arc<dyn StoredAnswers>,
    sealer: Sealer,
    places: Arc<Semaphore>,
}

/// What is known of a mail.
pub enum Found {
    /// A call hands it over.
    InFlight,
    /// Its call has ended.
    Known(Known),
}

impl Kept {
    /// In this store, under these keys.
    pub fn new(store: Arc<dyn StoredAnswers>, keys: Arc<StoreKeys>) -> Self {
        Self { store, sealer: Sealer::new(keys), places: Arc::new(Semaphore::new(TRIED_AT_ONCE)) }
    }

    /// What a call finds. An error: it must not hand the mail over.
    pub(super) async fn begin(&self, call: NewCall) -> Result<Begun, Failed> {
        let (id, number) = (call.id, call.number);
        let asking = async {
            let begun = self.store.begin(call.clone()).await;
            if begun != Err(Failed::Unclear) {
                return begun;
            }
            // To ask once more tells what became of it. Another failure does not.
            self.store.begin(call).await.map_err(|_| Failed::Unclear)
        };
        let begun = timeout(STORE_TIMEOUT, asking).await.unwrap_or(Err(Failed::Unclear));
        if begun == Err(Failed::Unclear) {
            self.undo(id, number);
        }
        begun
    }

    /// Is this call the one that asks again? An error: it must not.
    pub(super) async fn ask_again(
        &self,
        id: Id,
        of: CallNumber,
        number: CallNumber,
        lease: Duration,
    ) -> Result<bool, Failed> {
        let asking = self.store.ask_again(id, of, number, lease);
        let asked = timeout(STORE_TIMEOUT, asking).await.unwrap_or(Err(Failed::Unclear));
        if asked == Err(Failed::Unclear) {
            self.undo(id, number);
        }
        asked
    }

    /// Says what a call came to, once. An error: it may not have been heard.
    pub(super) async fn end(&self, id: Id, number: CallNumber, end: End) -> Result<Settled, Failed> {
        timeout(STORE_TIMEOUT, self.store.end(id, number, end)).await.unwrap_or(Err(Failed::Unclear))
    }

    /// What is to be said of a call that came to this.
    pub(super) fn end_of(&self, id: Id, known: &Known) -> End {
        let sealed = |answer| self.sealer.seal(id, encode(answer, Instant::now()));
        match known {
            Known::Queued => End::Queued,
            Known::Answered(answer) => match answer {
                Ok(_) => End::Accepted(sealed(answer)),
                Err(error) if error.failure.is_unknown() => End::Unknown(sealed(answer)),
                Err(_) => End::None,
            },
        }
    }

    /// What a record says of its mail. What cannot be read may be with a provider.
    pub(super) fn read(&self, id: Id, record: &Record) -> Known {
        let open = || {
            let bytes = self.sealer.open(id, record.answer.as_ref()?)?;
            decode(id, &bytes, record.ended_ago, Instant::now())
        };
        match (record.state, open()) {
            (Recorded::Queued, _) => Known::Queued,
            (Recorded::Accepted, Some(Ok(receipt))) => Known::Answered(Ok(receipt)),
            (Recorded::Unknown, Some(Err(error))) => Known::Answered(Err(error)),
            _ => Known::Answered(Err(unreadable(id))),
        }
    }

    /// Keeps a mail without a key that is `unknown`, if the store takes it in time.
    pub(super) async fn note(&self, caller: CallerName, error: &SendError) {
        let id = error.id;
        let Some(sealed) = self.sealer.seal(id, encode(&Err(error.clone()), Instant::now())) else { return };
        if !matches!(timeout(STORE_TIMEOUT, self.store.note(caller, id, sealed)).await, Ok(Ok(()))) {
            warn!(%id, "the answer to a call was not kept in the store");
        }
    }

    /// What is known of a caller's mail.
    pub(super) async fn look(&self, caller: CallerName, id: Id) -> Result<Option<Found>, Failed> {
        let seen = timeout(STORE_TIMEOUT, self.store.look(caller, id)).await.unwrap_or(Err(Failed::Down));
        Ok(seen.map_err(|_| Failed::Down)?.map(|seen| match seen {
            Seen::InFlight => Found::InFlight,
            Seen::Ended(record) => Found::Known(self.read(id, &record)),
        }))
    }

    /// Takes back a call that did not hand its mail over.
    fn undo(&self, id: Id, number: CallNumber) {
        let (kept, Some(place)) = (self.clone(), self.place()) else { return };
        tokio::spawn(async move {
            let (_place, mut retries) = (place, Retries::new());
            while kept.end(id, number, End::AsBefore).await != Ok(Settled::Written) && retries.wait().await {}
        });
    }

    /// A place among the calls for which something is tried again; none, if there are too many.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}

/// The attempts at something that is tried again, for a while.
pub(super) struct Retries {
    until: Instant,
    pause: Duration,
}

impl Retries {
    pub(super) fn new() -> Self {
        Self { until: Instant::now() + TRIED_FOR, pause: PAUSES.0 }
    }

    /// Waits before the next attempt. False: no more.
    pub(super) async fn wait(&mut self) -> bool {
        if Instant::now() >= self.until {
            return false;
        }
        sleep(self.pause).await;
        self.pause = (2 * self.pause).min(PAUSES.1);
        true
    }
}
