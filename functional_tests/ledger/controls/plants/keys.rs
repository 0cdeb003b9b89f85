//! Violations of what a key promises: a second mail, and repeats that hear something else than the first call came to.

use super::super::plant::{NONE, Plant, UNKNOWN_};
use super::super::*;

/// What is planted, and what the checker says of it.
pub(super) const PLANTS: [(Rule, &str, Plant); 13] = [
    (Rule::I8, "accepted 2 times under one key", |l| {
        keyed(l, (1, 2, 504, told(UNKNOWN_, &["c:unknown:http_500"])), &[(2, 1, true, UNKNOWN)]);
        repeat(l, (3, 5, 200, told(None, &["c:unknown:http_500", "c:accepted"])), &[(2, 4, true, ACCEPTED)]);
    }),
    (Rule::I8, "reached a once more", |l| {
        keyed(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:http_500"])), &[(1, 1, true, UNKNOWN)]);
        repeat(l, (3, 5, 504, told(UNKNOWN_, &["b:unknown:http_500"])), &[(0, 4, false, REFUSED)]);
    }),
    (Rule::I8, "was accepted, and its repeat was sent anew", |l| {
        keyed(l, (1, 2, 200, told(None, &["b:accepted"])), &[(1, 1, true, ACCEPTED)]);
        repeat(l, (3, 5, 200, told(None, &["b:accepted"])), &[]);
    }),
    (Rule::I8, "was accepted, and its repeat was sent anew", |l| {
        keyed(l, (1, 2, 200, told(None, &["b:accepted"])), &[(1, 1, true, ACCEPTED)]);
        repeat(l, (3, 5, 422, told(NONE, &["b:message_rejected"])), &[]);
    }),
    (Rule::I8, "a replay that differs", |l| {
        keyed(l, (1, 2, 200, told(None, &["b:accepted"])), &[(1, 1, true, ACCEPTED)]);
        replay(l, (3, 5, 200, told(None, &["a:unavailable", "b:accepted"])));
    }),
    (Rule::I8, "a replay that differs", |l| {
        keyed(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:lost"])), &[]);
        replay(l, (3, 5, 200, told(None, &["b:accepted"])));
    }),
    (Rule::I8, "heard that from before", |l| {
        keyed(l, (1, 2, 422, told(NONE, &["b:message_rejected"])), &[(1, 1, false, REJECTED)]);
        replay(l, (3, 5, 422, told(NONE, &["b:message_rejected"])));
    }),
    (Rule::I8, "is nowhere for its repeat", |l| {
        keyed(l, (1, 2, 504, told(UNKNOWN_, &["c:unknown:lost"])), &[]);
        repeat(l, (3, 5, 422, told(NONE, &["c:unknown:lost", "c:message_rejected"])), &[(2, 4, false, REJECTED)]);
    }),
    (Rule::I8, "was unknown, and its repeat was sent anew", |l| {
        keyed(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:lost"])), &[]);
        repeat(l, (3, 5, 504, told(UNKNOWN_, &["b:unknown:lost"])), &[]);
    }),
    (Rule::I8, "was cleared by what cannot clear it", |l| {
        keyed(l, (1, 2, 504, told(UNKNOWN_, &["c:unknown:lost"])), &[]);
        repeat(l, (3, 5, 200, told(None, &["c:unknown:lost", "b:accepted"])), &[]);
    }),
    (Rule::I8, "has another receipt", |l| {
        keyed(l, (1, 2, 504, told(UNKNOWN_, &["c:unknown:lost"])), &[]);
        repeat(l, (3, 5, 504, told(UNKNOWN_, &["c:unknown:http_500"])), &[]);
    }),
    (Rule::I8, "hung up, and was sent anew", |l| {
        hang_up(l, &[(1, 1, true, ACCEPTED)]);
        repeat(l, (3, 5, 200, told(None, &["b:accepted"])), &[]);
    }),
    (Rule::I8, "another mail under the key", |l| {
        mail(l, (3, 5, 200, told(None, &["b:accepted"])), &[]);
        let taken = l.sent.pop().expect("a mail");
        l.reused.push(taken);
    }),
];
