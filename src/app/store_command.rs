//! `smsp store ...`: looks at the store and gives orders to it without a node.
//!
//! `status` reads, so a node may have the store; an order opens a SQLite store itself. Deliberately absent: tables. Neither
//! makes or changes one.

use std::sync::Arc;

use tokio::time::Instant;

use super::config::{Config, StoreConfig};
use super::failure::Failure;
use super::progress::how_far;
use super::store::{LOOKING, Store};
use crate::runtime::metrics::Metrics;
use crate::state::outbox::{self, History, Note, Outbox, Overview, Restored, State};
use crate::state::store::{Location, Looked, Migrated, OpenError, Sqlite};

/// Mails that are parked in one transaction.
const PARKED_AT_ONCE: usize = 10_000;
const NOT_BEHIND: &str = "the store is no older copy of itself, so nothing was parked. If you know that it is one, give --force: all \
     mail that waits in it is parked then";

/// Prints what the store says of itself. False: it is an older copy of itself.
pub async fn status(config: Config, mut print: impl FnMut(String)) -> Result<bool, Failure> {
    let store = configured(&config)?;
    let overview = look(store).await?;
    let History { point, went_back } = &overview.history;
    print(format!("store: {}", store.location.shown()));
    print(format!("marks: {}", point.marks));
    print(format!("went back: {}", went_back.map_or("no".to_owned(), |why| why.to_string())));
    print(format!("paused: {}", if overview.paused { "yes" } else { "no" }));
    if config.outbox.is_none() {
        print("outbox: off, so nothing of it is sent (SMSP_OUTBOX)".to_owned());
    }
    for (state, mails) in overview.mails() {
        print(format!("{}: {mails}", state.as_str()));
    }
    if went_back.is_some() {
        print(
            "nothing is sent from it before `smsp store accept-restore` (docs/how-to/back-up-and-restore.md)"
                .to_owned(),
        );
    }
    Ok(went_back.is_none())
}

/// Parks what waits in the store, begins a new epoch, and prints how much it was; `progress` is told meanwhile.
///
/// A store that is no older copy is left alone, unless this is forced: it would not send what it should.
pub async fn accept_restore(
    config: Config,
    is_forced: bool,
    mut print: impl FnMut(String),
    progress: impl Fn(&str),
) -> Result<bool, Failure> {
    let store = configured(&config)?;
    // Where there are no tables, or older ones, to open it would make them.
    let overview = look(store).await?;
    let outbox = open(store).await?;
    if !is_forced && overview.history.went_back.is_none() {
        return Err(NOT_BEHIND.to_owned().into());
    }
    let waiting = |(state, mails): (State, u64)| if state.waits() { mails } else { 0 };
    let all: u64 = overview.mails().into_iter().map(waiting).sum();
    let (start, mut done) = (Instant::now(), Restored { more: true, ..Restored::default() });
    while done.more {
        let note = Note { who: "command".to_owned(), from: None, order: "accept_restore".to_owned() };
        let Restored { parked, unknown, more } =
            outbox.accept_restore(PARKED_AT_ONCE, note).await.map_err(|failed| {
                format!("{failed}, so not all is parked yet, and nothing is claimed: give the command again")
            })?;
        done = Restored { parked: done.parked + parked, unknown: done.unknown + unknown, more };
        progress(&how_far("parked", (done.parked, all), "", start.elapsed()));
    }
    progress("");
    print(format!("parked: {}", done.parked));
    print(format!("unknown: {}", done.unknown));
    Ok(true)
}

/// The store of these settings.
pub(super) fn configured(config: &Config) -> Result<&StoreConfig, String> {
    config.store.as_ref().ok_or_else(|| "there is no store: SMSP_STORE is not set".to_owned())
}

/// What the store says of its outbox, if it has the tables of this version.
async fn look(store: &StoreConfig) -> Result<Overview, Failure> {
    let place = store.location.shown();
    if let Location::Sqlite(directory) = &store.location
        && !Sqlite::is_there(directory)
    {
        return Err(no_store_in(&place).into());
    }
    match super::store::look(store).await? {
        Looked::Read(overview) => Ok(overview),
        Looked::Behind(behind) => Err(not_there_yet(&place, behind).into()),
    }
}

/// What a command says that needs one.
pub(super) fn no_store_in(place: &str) -> String {
    format!("there is no store in {place}: a node or `smsp migrate` makes one")
}

/// Why nothing is read from tables that have to be migrated first.
fn not_there_yet(place: &str, behind: Migrated) -> String {
    let Migrated { module, from, to } = behind;
    if from == 0 && module == outbox::TABLES.name {
        return no_store_in(place);
    }
    format!(
        "{place} has schema {from} of {module}, and this version works with {to}: a node or `smsp migrate` brings it there"
    )
}

/// The outbox in it, for orders.
async fn open(store: &StoreConfig) -> Result<Arc<dyn Outbox>, Failure> {
    let refused = |error| match error {
        OpenError::InUse(_) => format!("{error}: stop the node that has it open, then give the command again").into(),
        error => Failure::from(error),
    };
    let (metrics, restarts) = (Arc::new(Metrics::default()), Arc::default());
    let opened = Store::open(store, &metrics, &restarts).await.map_err(refused)?;
    Ok(opened.outbox(LOOKING).await?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_without_tables_and_one_with_older_ones_are_told_apart() {
        let told = |from| not_there_yet("sqlite:/s", Migrated { module: "outbox", from, to: 3 });
        let before = not_there_yet("sqlite:/s", Migrated { module: "audit", from: 0, to: 1 });
        assert!(before.starts_with("sqlite:/s has schema 0 of audit, and this version works with 1: "), "{before}");
        assert_eq!(told(0), "there is no store in sqlite:/s: a node or `smsp migrate` makes one");
        assert!(
            told(2).starts_with("sqlite:/s has schema 2 of outbox, and this version works with 3: "),
            "{}",
            told(2)
        );
    }
}
