//! Before the first byte of a mail reaches a provider, its row says on the disk that it is on its way there.

use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::harness::database::{Database, on_both_stores};
use crate::harness::lock::lock;
use crate::harness::outbox::{becomes, queued};
use crate::harness::settings::POLL_ADDRESS;
use crate::harness::stub_provider::{Glance, Look};
use crate::harness::{Proxy, Reply, Settings, StubProvider, mails};

const MAILS: usize = 10;
/// State 2 is `sending`.
const UNDER_WAY: [&str; 2] = [
    "select format('%d at %s', state, upstream) from envelope where state < 5",
    "select format('%s at %s', state, upstream) from smsp_outbox where state < 5",
];

/// What the database said at each first byte: the rows that were under way, and where to.
type Seen = Arc<Mutex<Vec<(&'static str, Vec<String>)>>>;

/// A provider that looks into the database before it reads a mail.
fn looking(name: &'static str, database: &Database, seen: &Seen, reply: Reply) -> StubProvider {
    let (database, seen) = (database.clone(), seen.clone());
    let look = move |glance: &Glance| {
        if !glance.text.contains(POLL_ADDRESS) {
            // One mail is sent at a time, so at most one row is under way.
            let asking = async || database.select(UNDER_WAY).await;
            let under_way = block_in_place(|| Handle::current().block_on(asking()));
            lock(&seen).push((name, under_way));
        }
        Look::Read
    };
    StubProvider::gated(look, move |_| reply.clone().into())
}

on_both_stores! { at_the_first_byte_the_row_is_marked_for_that_provider }

async fn at_the_first_byte_the_row_is_marked_for_that_provider(database: &Database) {
    let seen = Seen::default();
    let first = looking("sg", database, &seen, Reply::sendgrid_refuses_the_sender());
    let second = looking("mg", database, &seen, Reply::mailgun_accepts());
    let settings = Settings::sendgrid_then_mailgun(&first.url(), &second.url()).patient_circuits();
    let proxy = Proxy::start(database.under(settings)).await;
    for number in 0..MAILS {
        // A sender that was refused once is not tried again there.
        let id = queued(&proxy.client, &mails::from(&format!("sender@d{number}.example.com"))).await;
        becomes(&proxy.client, &id, "accepted").await;
    }
    let seen = lock(&seen).clone();
    let names: Vec<_> = seen.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["sg", "mg"].repeat(MAILS), "{seen:?}");
    for (name, rows) in &seen {
        assert_eq!(rows[..], [format!("2 at {name}")]);
    }
}
