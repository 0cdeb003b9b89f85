//! Room for rows, near the limits and far from them.

use super::super::tests::{batch, row};
use super::*;

fn used(all: u64, callers: u64) -> Used {
    Used { all: Room { rows: all, bytes: 0 }, callers: Room { rows: callers, bytes: 0 } }
}

#[test]
fn a_count_is_not_used_within_a_tenth_of_a_limit() {
    let (all, callers) = (Room { rows: 1000, bytes: 1000 }, Room { rows: 100, bytes: 1000 });
    let batch = Batch { room: all, callers_room: callers, ..batch(vec![row(None), row(None)]) };
    for (used, is_far) in
        [(used(897, 87), true), (used(898, 87), false), (used(897, 88), false), (used(u64::MAX, 0), false)]
    {
        assert_eq!(used.is_far(&batch, batch.size()), is_far);
    }
    let bytes = Used { all: Room { rows: 0, bytes: 868 }, ..used(0, 0) };
    assert!(!bytes.is_far(&batch, batch.size()), "two mails of 16 bytes");
}

#[test]
fn a_row_beyond_a_limit_takes_nothing_and_names_the_limit() {
    let batch = Batch { callers_room: Room { rows: 2, bytes: 20 }, ..batch(Vec::new()) };
    let mut used = used(0, 0);
    assert_eq!(used.take(16, &batch), Ok(()));
    assert_eq!(used.take(5, &batch), Err(Full::CallersBytes));
    assert_eq!(used.take(4, &batch), Ok(()));
    assert_eq!(used.take(0, &batch), Err(Full::CallersRows));
}
