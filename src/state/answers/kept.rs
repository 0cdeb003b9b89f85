//! The store as the calls of a node use it: what they say is sealed, and no answer is waited for without end.
//!
//! A call of the store that is given up may be carried out all the same. So what must not stay is undone behind it, for as
//! long as it may yet be carried out.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::{Instrument, warn};

use super::encoding::{decode, encode, unreadable};
use super::known::Known;
use super::retries::{Places, Retries};
use super::sealing::Sealer;
use super::stored::{Begun, CallNumber, CallState, End, NewCall, Record, Recorded, Settled, StoredAnswers};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::receipt::SendError;
use crate::runtime::shutdown::Shutdown;
use crate::state::store::{Failed, MissingKeys, StoreKeys, Up};

/// How long the store may take for one thing: a caller waits for it.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// How much later the store may carry out what was given up: PostgreSQL has 5 s for a connection that is free, 5 s for a new
/// one and 12 s for each of three answers.
const CARRIED_OUT_WITHIN: Duration = Duration::from_secs(46);

/// What the store knows of mails.
#[derive(Clone)]
pub struct Kept {
    store: Arc<dyn StoredAnswers>,
    up: Up,
    sealer: Sealer,
    /// Keys of other nodes, under which answers are sealed.
    missing_keys: Arc<MissingKeys>,
    /// For answers that the store has not heard; what is beyond that is `unknown` after its lease.
    answers: Places,
    /// For calls that are taken back, apart: they must not keep answers from being heard.
    undone: Places,
    shutdown: Shutdown,
}

/// What is known of a mail.
pub enum Found {
    /// A call hands it over.
    InFlight,
    /// Its call has ended.
    Known(Known),
}

impl Kept {
    /// In this store, under these keys. The exit waits for what the store has not heard yet.
    pub fn new(store: Arc<dyn StoredAnswers>, up: Up, keys: Arc<StoreKeys>, shutdown: Shutdown) -> Self {
        let (sealer, missing_keys) = (Sealer::new(keys), Arc::default());
        Self { store, up, sealer, missing_keys, answers: Places::new(), undone: Places::new(), shutdown }
    }

    /// Is it worth while to ask the store? While it is known to be down nobody waits for it.
    pub(super) fn is_up(&self) -> bool {
        self.up.is_up()
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

    /// Says what a call came to, once: under the first of these numbers whose record it is. An error: it may not have been
    /// heard.
    pub(super) async fn end(&self, id: Id, numbers: &[CallNumber], end: End) -> Result<Settled, Failed> {
        let saying = async {
            for number in numbers {
                let settled = self.store.end(id, *number, end.clone()).await?;
                if settled != Settled::Gone {
                    return Ok(settled);
                }
            }
            Ok(Settled::Gone)
        };
        timeout(STORE_TIMEOUT, saying).await.unwrap_or(Err(Failed::Unclear))
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

    /// What a record says of its mail. What cannot be read may be with a provider. An error: it is sealed under a key that
    /// this node does not know, so another node has begun to use a new one, and knows more.
    pub(super) fn read(&self, id: Id, record: &Record) -> Result<Known, Failed> {
        if let Some(answer) = record.answer.as_ref().filter(|answer| !self.sealer.knows_key_of(answer)) {
            if self.missing_keys.met(&answer.key_id).is_due {
                let key_id = &answer.key_id;
                warn!(
                    key_id,
                    "an answer is sealed under a key that is not in SMSP_STORE_KEY of this node: its call is refused"
                );
            }
            return Err(Failed::Down);
        }
        let open = || {
            let bytes = self.sealer.open(id, record.answer.as_ref()?)?;
            decode(id, &bytes, record.ended_ago, Instant::now())
        };
        Ok(match (record.state, open()) {
            (Recorded::Queued, _) => Known::Queued,
            (Recorded::Accepted, Some(Ok(receipt))) => Known::Answered(Ok(receipt)),
            (Recorded::Unknown, Some(Err(error))) => Known::Answered(Err(error)),
            _ => Known::Answered(Err(unreadable(id))),
        })
    }

    /// Keeps a mail without a key that is `unknown` by this call, if the store takes it in time.
    pub(super) async fn note(&self, caller: CallerName, number: CallNumber, error: &SendError) {
        let id = error.id;
        let Some(sealed) = self.sealer.seal(id, encode(&Err(error.clone()), Instant::now())) else { return };
        if !matches!(timeout(STORE_TIMEOUT, self.store.note(caller, id, number, sealed)).await, Ok(Ok(()))) {
            warn_of_answer(id);
        }
    }

    /// What is known of a caller's mail.
    pub(super) async fn look(&self, caller: CallerName, id: Id) -> Result<Option<Found>, Failed> {
        let seen = timeout(STORE_TIMEOUT, self.store.look(caller, id)).await.unwrap_or(Err(Failed::Down));
        Ok(match seen.map_err(|_| Failed::Down)? {
            None => None,
            Some(CallState::InFlight) => Some(Found::InFlight),
            Some(CallState::Ended(record)) => Some(Found::Known(self.read(id, &record)?)),
        })
    }

    /// Takes back a call that did not hand its mail over. The exit waits until the store has heard that once: what it carries
    /// out later ends with this process.
    fn undo(&self, id: Id, number: CallNumber) {
        let Some(place) = self.undone.take() else { return warn_of_call(id) };
        let (kept, start) = (self.clone(), Instant::now());
        let undo = async move {
            let Some(mut retries) = kept.say_undone(id, number, start, Retries::new()).await else { return };
            let again = async move {
                let _place = place;
                retries.wait().await;
                kept.say_undone(id, number, start + CARRIED_OUT_WITHIN, retries).await;
            };
            tokio::spawn(again.in_current_span());
        };
        self.shutdown.spawn(undo.in_current_span());
    }

    /// Says again and again that a call has changed nothing, until the store has heard it at that time or later.
    async fn say_undone(&self, id: Id, number: CallNumber, at: Instant, mut retries: Retries) -> Option<Retries> {
        loop {
            let is_late_enough = Instant::now() >= at;
            if self.end(id, &[number], End::AsBefore).await.is_ok() && is_late_enough {
                return Some(retries);
            }
            if !retries.wait().await {
                warn_of_call(id);
                return None;
            }
        }
    }

    /// Has the store hear an answer, in a task that the exit waits for. False: there are too many.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        let Some(place) = self.answers.take() else { return false };
        let work = async move {
            let _place = place;
            work.await;
        };
        self.shutdown.spawn(work.in_current_span());
        true
    }
}

fn warn_of_call(id: Id) {
    warn!(%id, "a call that was not handed over was not taken back in the store");
}

/// Says that the store has not heard what a call came to.
pub(super) fn warn_of_answer(id: Id) {
    warn!(%id, "the answer to a call was not kept in the store");
}
