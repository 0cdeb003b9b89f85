//! A look at a request that leaves it unread, for providers that fail before they read, or half way.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::sleep;

use super::step::Step;

/// All headers and the fields in front of a mail's text fit in.
const START: usize = 4096;
/// The head and the body may come apart.
const PAUSE: Duration = Duration::from_millis(1);
/// After so many pauses it will not come any more.
const PATIENCE: usize = 5000;

/// The start of the next request on a connection.
pub(crate) struct Glance {
    pub(crate) text: String,
    /// How many requests this connection has had before.
    pub(crate) before: usize,
}

/// What to do with a request of which only the start was seen.
pub(crate) enum Look {
    /// Nothing yet: more of it must be seen.
    Again,
    /// It is read, and then treated as the script says.
    Read,
    /// These moves, with nothing read.
    Instead(Vec<Step>),
}

/// Looks until it is decided; `None` if the other side leaves before that.
pub(super) async fn look(stream: &TcpStream, before: usize, decide: impl Fn(&Glance) -> Look) -> Option<Vec<Step>> {
    let mut start = vec![0; START];
    for _ in 0..PATIENCE {
        let count = stream.peek(&mut start).await.ok().filter(|count| *count > 0)?;
        let text = String::from_utf8_lossy(&start[..count]).into_owned();
        match decide(&Glance { text, before }) {
            Look::Again => sleep(PAUSE).await,
            Look::Read => return Some(Vec::new()),
            Look::Instead(steps) => return Some(steps),
        }
    }
    None
}
