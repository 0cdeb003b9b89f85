//! The end of a run in which every account may have refused a mail.

use std::time::Duration;

use tokio::time::sleep;

use crate::harness::client::Client;
use crate::harness::database::Database;
use crate::harness::outbox::{Counts, at_rest};

/// From one time that accounts are mended to the next.
const MENDING: Duration = Duration::from_secs(10);

/// Waits until nothing is pending. A mail that every account refused waits for a quarter of an hour, but not here.
pub(super) async fn at_rest_with_mended_accounts(client: &Client, database: &Database) -> Counts {
    let mending = async {
        loop {
            sleep(MENDING).await;
            database.accounts_are_mended().await;
        }
    };
    tokio::select! {
        counts = at_rest(client) => counts,
        () = mending => unreachable!("it never ends"),
    }
}
