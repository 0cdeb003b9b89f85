//! Reads a request body within limits of size and time.
//!
//! A body has a time of its own and earns more by what comes of it, at a minimum rate: a large body on a slow line is
//! taken. What it earns is saved up to its first time and no further: one that comes fast and then stalls would hold its
//! bytes for minutes.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, sleep_until};

use crate::runtime::shutdown::Shutdown;

/// How long a body that is on its way when the listeners close may still take.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);
/// The bytes that earn a body one second more.
pub const MIN_RATE: u32 = 64 * 1024;
/// The most that is allocated for a body by what it announces: bytes.
const MAX_PREALLOCATED: usize = 16 * 1024;

/// What one body may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The size of a body in bytes, at most.
    pub bytes: usize,
    /// Before any of it has come, and between two parts of it.
    pub time: Duration,
}

impl Limits {
    /// When a body must be here that had to be here by `end`, and of which so much has come now.
    fn earned(self, end: Instant, received: usize) -> Instant {
        let received = u32::try_from(received).unwrap_or(u32::MAX);
        (end + Duration::from_secs(1) * received / MIN_RATE).min(Instant::now() + self.time)
    }
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<R> {
    /// The body has more bytes than allowed.
    TooLarge,
    /// The body came too slowly, or stopped coming.
    TooSlow,
    /// The body ended before its announced length.
    Incomplete,
    /// This node closes.
    Closing,
    /// There is no room for its bytes.
    Refused(R),
}

/// Reads all of a body. `reserve` is asked for room for each part that has come.
pub async fn read<R>(
    mut body: Body,
    limits: Limits,
    mut reserve: impl FnMut(usize) -> Result<(), R>,
    shutdown: &Shutdown,
) -> Result<Vec<u8>, Error<R>> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(announced.min(MAX_PREALLOCATED));
    let mut end = Instant::now() + limits.time;
    let mut clock = pin!(sleep_until(end));
    let mut closed = pin!(closed(shutdown));
    loop {
        let frame = tokio::select! {
            // The body first: most are here already, and their clock is never set.
            biased;
            frame = body.frame() => frame,
            () = &mut clock => {
                if clock.deadline() == end {
                    return Err(Error::TooSlow);
                }
                clock.as_mut().reset(end);
                continue;
            }
            () = &mut closed => return Err(Error::Closing),
        };
        let Some(frame) = frame else { return Ok(bytes) };
        let data = frame.map_err(|_| Error::Incomplete)?.into_data().unwrap_or_default();
        if bytes.len() + data.len() > limits.bytes {
            return Err(Error::TooLarge);
        }
        reserve(data.len()).map_err(Error::Refused)?;
        end = limits.earned(end, data.len());
        bytes.extend_from_slice(&data);
    }
}

async fn closed(shutdown: &Shutdown) {
    shutdown.closing().await;
    sleep(CLOSING_TIMEOUT).await;
}

#[cfg(test)]
mod tests;
