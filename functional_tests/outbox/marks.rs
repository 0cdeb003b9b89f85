//! Before the first byte of a mail reaches a provider, its row says on the disk that it is on its way there.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::database;
use crate::harness::lock::lock;
use crate::harness::outbox::{Store, becomes, queued};
use crate::harness::settings::POLL_ADDRESS;
use crate::harness::stub_provider::{Glance, Look};
use crate::harness::{Proxy, Reply, Settings, StubProvider, mails};

const MAILS: usize = 10;
const SENDING: i64 = 2;

/// What the database said at each first byte: the rows that were under way, and where to.
type Seen = Arc<Mutex<Vec<(&'static str, Vec<(i64, String)>)>>>;

/// A provider that looks into the database before it reads a mail.
fn looking(name: &'static str, directory: &Path, seen: &Seen, reply: Reply) -> StubProvider {
    let (directory, seen) = (directory.to_owned(), seen.clone());
    let look = move |glance: &Glance| {
        if !glance.text.contains(POLL_ADDRESS) {
            lock(&seen).push((name, under_way(&directory)));
        }
        Look::Read
    };
    StubProvider::gated(look, move |_| reply.clone().into())
}

/// One mail is sent at a time, so at most one row is.
fn under_way(directory: &Path) -> Vec<(i64, String)> {
    let database = database::reading(directory);
    let mut select = database
        .prepare("select state, coalesce(upstream, 'none') from envelope where state < 5")
        .expect("the outbox has its tables");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows can be read");
    rows.map(|row| row.expect("a row has a state")).collect()
}

#[tokio::test]
async fn at_the_first_byte_the_row_is_marked_for_that_provider() {
    let (directory, seen) = (tempfile::tempdir().expect("a temporary directory can be made"), Seen::default());
    let first = looking("sg", directory.path(), &seen, Reply::sendgrid_refuses_the_sender());
    let second = looking("mg", directory.path(), &seen, Reply::mailgun_accepts());
    let settings = Settings::sendgrid_then_mailgun(&first.url(), &second.url()).patient_circuits();
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(settings)).await;
    for number in 0..MAILS {
        // A sender that was refused once is not tried again there.
        let id = queued(&proxy.client, &mails::from(&format!("sender@d{number}.example.com"))).await;
        becomes(&proxy.client, &id, "accepted").await;
    }
    let seen = lock(&seen).clone();
    let names: Vec<_> = seen.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["sg", "mg"].repeat(MAILS), "{seen:?}");
    for (name, rows) in &seen {
        assert_eq!(rows[..], [(SENDING, (*name).to_owned())], "at {name}");
    }
}
