//! What a connection's reader lets others know: whether another request can follow, and what ended it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::head::Fault;

/// Why no request can follow this one on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// Only the library knows where its body ends.
    Chunked,
    /// Nobody can be sure where it ends.
    Faulty(Fault),
}

/// What the stream lets be known of its request.
#[derive(Default)]
pub(super) struct Signs {
    last: OnceLock<Last>,
    /// Was its caller too slow, rather than merely idle?
    slow: AtomicBool,
    /// Bytes of its body that have not come yet.
    missing: AtomicU64,
}

impl Signs {
    /// Why it is the last one, if it is.
    pub(super) fn last(&self) -> Option<&Last> {
        self.last.get()
    }

    /// This request is the last one. The first word holds: no head is looked at behind it.
    pub(super) fn end_with(&self, last: Last) {
        let _ = self.last.set(last);
    }

    /// Its caller was too slow, with a head or with an answer.
    pub(super) fn give_up(&self) {
        self.slow.store(true, Ordering::Relaxed);
    }

    /// What its caller did that ended it, in a word for the metrics.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self.last() {
            Some(Last::Faulty(Fault::Ambiguous)) => Some("ambiguous"),
            Some(Last::Faulty(Fault::UriTooLong | Fault::HeadTooLong)) => Some("too_long"),
            _ => self.slow.load(Ordering::Relaxed).then_some("slow"),
        }
    }

    /// So many bytes of its body are to come.
    pub(super) fn expect(&self, missing: u64) {
        self.missing.store(missing, Ordering::Relaxed);
    }

    /// So many of them have come. One task reads and answers, so nobody counts meanwhile.
    pub(super) fn receive(&self, count: u64) {
        self.expect(self.missing.load(Ordering::Relaxed).saturating_sub(count));
    }

    /// Is more of its body to come? An answer before that ends the connection: the rest cannot be told from a request.
    pub(super) fn is_incomplete(&self) -> bool {
        self.missing.load(Ordering::Relaxed) > 0
    }
}
