//! P-big: an answer of a gigabyte, or of no end, costs no memory.

use super::behaviours::{self, Behaviour};
use super::fixture::Fixture;
use super::status::Status;

/// For what its first mails take: connections, caches, the allocator. One of these answers is many times that.
const ROOM_KIB: u64 = 8 << 10;
const MAILS: usize = 8;

async fn costs_no_memory(status: Status, behaviour: Behaviour) {
    let fixture = Fixture::new(status, behaviour).await;
    let before = fixture.proxy.process.peak_kib();
    for _ in 0..MAILS {
        fixture.answer().await;
    }
    let after = fixture.proxy.process.peak_kib();
    assert!(after <= before + ROOM_KIB, "{status:?}: at most {before} KiB before, {after} KiB after");
}

#[tokio::test]
async fn body_of_a_gigabyte_is_not_buffered() {
    costs_no_memory(Status::Mailgun, behaviours::writes_for_ever).await;
    costs_no_memory(Status::SendGrid, behaviours::writes_for_ever).await;
}

#[tokio::test]
async fn endless_head_is_not_buffered() {
    costs_no_memory(Status::Mailgun, behaviours::writes_one_header_for_ever).await;
}

#[tokio::test]
async fn endless_informational_answers_are_not_buffered() {
    costs_no_memory(Status::Mailgun, behaviours::informs_for_ever).await;
}
