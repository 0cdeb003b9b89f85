//! What the reader of a connection lets the writer of answers know: whether another request can follow, and what ended
//! the connection.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::head::HeadFault;
use crate::runtime::metrics::ClientFault;

/// Why no request can follow the present one on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The body is in chunks: only the library knows where it ends.
    Chunked,
    /// The head is at fault: its end is not certain.
    BadHead(HeadFault),
}

/// The state of one connection, shared by its reader and its writer.
#[derive(Default)]
pub(super) struct ConnectionState {
    close_reason: OnceLock<CloseReason>,
    /// Was the client too slow, rather than merely idle?
    slow: AtomicBool,
    /// Bytes of the present body that have not come yet.
    missing: AtomicU64,
}

impl ConnectionState {
    /// Why the present request is the last one, if it is.
    pub(super) fn close_reason(&self) -> Option<&CloseReason> {
        self.close_reason.get()
    }

    /// Makes the present request the last one. The first reason holds: no head is looked at after it.
    pub(super) fn close_after(&self, reason: CloseReason) {
        let _ = self.close_reason.set(reason);
    }

    /// Records that the client was too slow, with a head or in taking an answer.
    pub(super) fn mark_slow(&self) {
        self.slow.store(true, Ordering::Relaxed);
    }

    /// What the client did that ended the connection, for metrics.
    pub(super) fn client_fault(&self) -> Option<ClientFault> {
        match self.close_reason() {
            Some(CloseReason::BadHead(HeadFault::Ambiguous)) => Some(ClientFault::Ambiguous),
            Some(CloseReason::BadHead(HeadFault::UriTooLong | HeadFault::HeadTooLong)) => Some(ClientFault::TooLong),
            _ => self.slow.load(Ordering::Relaxed).then_some(ClientFault::Slow),
        }
    }

    /// Sets the bytes of the present body that are to come.
    pub(super) fn expect_body(&self, missing: u64) {
        self.missing.store(missing, Ordering::Relaxed);
    }

    /// Counts bytes that have come. One task reads and answers, so no other count runs meanwhile.
    pub(super) fn receive_body(&self, count: u64) {
        self.expect_body(self.missing.load(Ordering::Relaxed).saturating_sub(count));
    }

    /// Is more of the body to come? An answer before that ends the connection: the rest cannot be told from a request.
    pub(super) fn is_incomplete(&self) -> bool {
        self.missing.load(Ordering::Relaxed) > 0
    }
}
