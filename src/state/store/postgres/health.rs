//! What is known of the database: does it answer and write, and has it the tables that this node has found in it?
//!
//! A database whose tables were dropped, or a part of them or a right on it, answers, and takes nothing: it counts as down
//! until they are whole again. They are not made anew, because mail was in them: a person restores the database, or gives
//! the nodes an empty one. One whose machine has no room, or fails, answers too: it counts as down until it has written
//! something small. Meanwhile it is still asked: each answer of its own tells what became of a call.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio_postgres::error::SqlState;
use tracing::{error, info, warn};

use super::super::up::Up;
use crate::runtime::metrics::StoreMetrics;

/// Shared by all connections of a node.
pub(super) struct Health {
    up: Up,
    is_missing_tables: AtomicBool,
    cannot_write: AtomicBool,
    /// Was it said that there is no connection? Once is enough until there is one.
    told: AtomicBool,
    /// Something is to be looked at without waiting.
    wake: Notify,
}

impl Health {
    /// Before the database has answered.
    pub(super) fn new(metrics: StoreMetrics) -> Self {
        Self {
            up: Up::new(metrics, false),
            is_missing_tables: AtomicBool::new(false),
            cannot_write: AtomicBool::new(false),
            told: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    pub(super) fn up(&self) -> &Up {
        &self.up
    }

    pub(super) fn metrics(&self) -> &StoreMetrics {
        &self.up.metrics
    }

    /// It has answered, or has not.
    pub(super) fn answers(&self, answers: bool) {
        if answers && (self.is_missing_tables() || self.cannot_write()) {
            return;
        }
        match (self.up.set(answers), answers) {
            (true, true) => info!("the store answers"),
            (true, false) => {
                // Calls that find it down ask nothing, so nobody else might find out for a while that it is back.
                self.wake.notify_one();
                warn!("the store does not answer: nothing is accepted for later, claimed or marked");
            }
            (false, _) => {}
        }
    }

    /// A statement or a COMMIT has failed. Was it for want of tables or of the right to use them, or because of the machine?
    pub(super) fn failed(&self, code: &SqlState) {
        if is_for_want_of_tables(code) {
            self.misses_tables(code);
        } else if is_of_the_machine(code) && !self.cannot_write.swap(true, Ordering::Relaxed) {
            self.up.set(false);
            self.wake.notify_one();
            error!(code = code.code(), "the store cannot write: nothing is accepted for later, claimed or marked");
        }
    }

    /// Waits until it has not answered, cannot write, or misses tables: each may be over in a moment.
    pub(super) async fn has_failed(&self) {
        self.wake.notified().await;
    }

    fn misses_tables(&self, code: &SqlState) {
        if self.is_missing_tables.swap(true, Ordering::Relaxed) {
            return;
        }
        self.up.set(false);
        self.wake.notify_one();
        error!(
            code = code.code(),
            "tables of the store are missing or may not be used: nothing is accepted for later, claimed or marked; \
             restore the database"
        );
    }

    pub(super) fn is_missing_tables(&self) -> bool {
        self.is_missing_tables.load(Ordering::Relaxed)
    }

    pub(super) fn cannot_write(&self) -> bool {
        self.cannot_write.load(Ordering::Relaxed)
    }

    /// It has written something.
    pub(super) fn writes_again(&self) {
        self.cannot_write.store(false, Ordering::Relaxed);
        if !self.is_missing_tables() {
            self.up.set(true);
            info!("the store writes again");
        }
    }

    /// The tables are there again.
    pub(super) fn has_tables(&self) {
        self.is_missing_tables.store(false, Ordering::Relaxed);
        self.answers(true);
    }

    /// There is a connection, or none. Has to be told that there is none?
    pub(super) fn is_connected(&self, connected: bool) -> bool {
        !self.told.swap(!connected, Ordering::Relaxed) && !connected
    }
}

/// Class 53 is "insufficient resources", such as a full disk; class 58 "system error", such as a disk that fails.
fn is_of_the_machine(code: &SqlState) -> bool {
    ["53", "58"].iter().any(|class| code.code().starts_with(class))
}

fn is_for_want_of_tables(code: &SqlState) -> bool {
    matches!(
        *code,
        SqlState::UNDEFINED_TABLE
            | SqlState::UNDEFINED_COLUMN
            | SqlState::UNDEFINED_FUNCTION
            | SqlState::INVALID_SCHEMA_NAME
            | SqlState::INSUFFICIENT_PRIVILEGE
    )
}
