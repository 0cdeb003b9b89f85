//! P-big: an answer of a gigabyte, or of no end, costs no memory.

use super::behaviours::{self, Habit};
use super::fixture::{Stand, Status};

/// For what its first mails take: connections, caches, the allocator. One of these answers is many times that.
const ROOM_KIB: u64 = 8 << 10;
const MAILS: usize = 8;

async fn costs_no_memory(status: Status, habit: Habit) {
    let stand = Stand::new(status, habit).await;
    let before = stand.proxy.process.peak_kib();
    for _ in 0..MAILS {
        stand.answer().await;
    }
    let after = stand.proxy.process.peak_kib();
    assert!(after <= before + ROOM_KIB, "{status:?}: at most {before} KiB before, {after} KiB after");
}

#[tokio::test]
async fn a_body_of_a_gigabyte() {
    costs_no_memory(Status::Mailgun, behaviours::writes_for_ever).await;
    costs_no_memory(Status::SendGrid, behaviours::writes_for_ever).await;
}

#[tokio::test]
async fn a_head_without_end() {
    costs_no_memory(Status::Mailgun, behaviours::writes_one_header_for_ever).await;
}

#[tokio::test]
async fn informational_answers_without_end() {
    costs_no_memory(Status::Mailgun, behaviours::informs_for_ever).await;
}
