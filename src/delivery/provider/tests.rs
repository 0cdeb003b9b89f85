//! What holds of every kind, asked of [`KINDS`](super::KINDS): a kind that is added is held to it from its first day.
//!
//! What a provider's own answers look like stands in `<name>/document.json`; what each of them comes to is tested beside the
//! adapter, in `<name>/tests.rs`.

mod acceptance;
pub(super) mod blame;
mod connecting;
mod conformance;
mod document;
mod limits;
mod reserved_headers;
pub(super) mod stub;
mod waiting;

use super::KINDS;
use super::kind::Kind;

/// The kinds that speak HTTP.
fn over_http() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.is_over_http())
}
