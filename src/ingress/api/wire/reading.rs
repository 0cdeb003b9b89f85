//! From the bytes of a body to what a reader makes of its JSON.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

use super::value::Value;
use super::{malformed, surrogates};
use crate::ingress::api::problem::{Kind, Problem};
use crate::ingress::server::field_error::FieldError;

/// A body of more bytes takes a worker about a millisecond or longer.
pub(super) const LARGE: usize = 256 * 1024;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What `parse` makes of these bytes; of a large body, off the worker.
pub(super) async fn read_as<T: Send + 'static>(
    mut body: Vec<u8>,
    parse: impl FnOnce(&mut [u8]) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if body.len() <= LARGE {
        return parse(&mut body);
    }
    off_the_worker(move || parse(&mut body)).await
}

/// So many at a time as there is room for bodies: a limit of threads would be one more line to wait in.
pub(super) async fn off_the_worker<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    spawn_blocking(work).await.unwrap_or_else(|error| match error.try_into_panic() {
        // It is the request's, as everywhere.
        Ok(panic) => resume_unwind(panic),
        Err(_) => Err(Problem::new(Kind::Draining, "This node is shutting down; send the mail to another.")),
    })
}

pub(super) fn parse_as<T>(
    body: &mut [u8],
    read: impl Fn(Value<'_>) -> Result<T, Vec<FieldError>>,
) -> Result<T, Problem> {
    let json = without_byte_order_mark(body);
    let result = match value_of(json).map(&read) {
        Err(_) if surrogates::mark(json) => value_of(json).map(|mut value| {
            value.refuse_marked();
            read(value)
        }),
        result => result,
    };
    let read = result.map_err(|error| malformed::problem(json, &error))?;
    read.map_err(|errors| Problem::of_fields(Kind::InvalidMessage, errors))
}

/// RFC 8259 8.1: a reader may ignore it.
pub(super) fn without_byte_order_mark(body: &mut [u8]) -> &mut [u8] {
    if body.starts_with(BYTE_ORDER_MARK) { &mut body[BYTE_ORDER_MARK.len()..] } else { body }
}

/// Parses a body. UTF-8 is checked once for all of it, where the library would check each string; for a body that is not
/// UTF-8 the library tells the place.
fn value_of(json: &[u8]) -> serde_json::Result<Value<'_>> {
    str::from_utf8(json).map_or_else(|_| serde_json::from_slice(json), serde_json::from_str)
}
