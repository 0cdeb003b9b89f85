//! What is known of the database: does it answer, and has it the tables that this node has found in it?
//!
//! A database whose tables were dropped, or a part of them or a right on it, answers, and takes nothing: it counts as down
//! until they are whole again. They are not made anew, because mail was in them: a person restores the database, or gives the nodes an empty one.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::error::SqlState;
use tracing::{error, info, warn};

use super::super::up::Up;
use crate::runtime::metrics::StoreMetrics;

/// Shared by all connections of a node.
pub(super) struct Health {
    up: Up,
    is_missing_tables: AtomicBool,
    /// Was it said that there is no connection? Once is enough until there is one.
    told: AtomicBool,
}

impl Health {
    /// Before the database has answered.
    pub(super) fn new(metrics: StoreMetrics) -> Self {
        Self { up: Up::new(metrics, false), is_missing_tables: AtomicBool::new(false), told: AtomicBool::new(false) }
    }

    pub(super) fn up(&self) -> &Up {
        &self.up
    }

    pub(super) fn metrics(&self) -> &StoreMetrics {
        &self.up.metrics
    }

    /// It has answered, or has not.
    pub(super) fn answers(&self, answers: bool) {
        if answers && self.is_missing_tables() {
            return;
        }
        match (self.up.set(answers), answers) {
            (true, true) => info!("the store answers"),
            (true, false) => warn!("the store does not answer: nothing is accepted for later, claimed or marked"),
            (false, _) => {}
        }
    }

    /// A statement has failed. Was it for want of tables, or of the right to use them?
    pub(super) fn failed(&self, code: &SqlState) {
        if !is_for_want_of_tables(code) || self.is_missing_tables.swap(true, Ordering::Relaxed) {
            return;
        }
        self.up.set(false);
        error!(
            code = code.code(),
            "tables of the store are missing or may not be used: nothing is accepted for later, claimed or marked; \
             restore the database"
        );
    }

    pub(super) fn is_missing_tables(&self) -> bool {
        self.is_missing_tables.load(Ordering::Relaxed)
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
