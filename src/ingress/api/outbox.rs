//! The outbox: messages that are accepted now and sent later, and what their caller asks of them and changes.
//!
//! Where the outbox is off, none of these paths exists. Another caller's id, one that is no id and one that does not exist get
//! the same answer.

mod accept;
mod batch;
mod body;
mod change;
mod cursor;
mod extract;
mod failures;
mod list;
mod recipient;
mod routes;
mod show;
mod told;

pub(super) use routes::routes;

#[cfg(test)]
mod tests;
