//! P-big: an answer of a gigabyte, or of no end, costs no memory.

use super::habits::{self, Habit};
use super::stand::{Stand, Status};

/// For the allocator and the connections.
const ROOM_KIB: u64 = 4 << 10;
const WARM_UP: usize = 3;
const MAILS: usize = 5;

async fn costs_no_memory(status: Status, habit: Habit) {
    let stand = Stand::new(status, habit).await;
    for _ in 0..WARM_UP {
        stand.answer().await;
    }
    let before = stand.proxy.peak_kib();
    for _ in 0..MAILS {
        stand.answer().await;
    }
    let after = stand.proxy.peak_kib();
    assert!(after <= before + ROOM_KIB, "{status:?}: at most {before} KiB before, {after} KiB after");
}

#[tokio::test]
async fn a_body_of_a_gigabyte() {
    costs_no_memory(Status::Mailgun, habits::writes_for_ever).await;
    costs_no_memory(Status::SendGrid, habits::writes_for_ever).await;
}

#[tokio::test]
async fn a_head_without_end() {
    costs_no_memory(Status::Mailgun, habits::writes_one_header_for_ever).await;
}

#[tokio::test]
async fn informational_answers_without_end() {
    costs_no_memory(Status::Mailgun, habits::informs_for_ever).await;
}
