//! One move of a stub that does more than answer: what it writes, how long it waits, how it leaves.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::gate::Gate;
use super::reply::Reply;

/// A move; a row of them is what happens to one request.
#[derive(Clone)]
pub(crate) enum Step {
    /// Writes these bytes, HTTP or not.
    Write(Vec<u8>),
    /// Reads so many bytes of what is there, and forgets them.
    Read(usize),
    Pause(Duration),
    /// Goes on once the gate is open.
    Pass(Gate),
    /// A byte at a time with this pause between, until the other side gives up.
    Drip(Duration),
    /// Bytes as fast as they are taken, until the other side gives up.
    Flood,
    /// Nothing, until the other side gives up.
    Silence,
    /// Ends the connection in good order.
    Close,
    /// Ends it with a reset, whatever is still under way.
    Reset,
}

impl From<Reply> for Step {
    fn from(reply: Reply) -> Self {
        Self::Write(reply.to_bytes())
    }
}

/// Makes the moves, and says whether the connection goes on. The proxy may leave at any time; that is its right.
pub(super) async fn walk(steps: &[Step], stream: &mut TcpStream) -> bool {
    for step in steps {
        if !make(step, stream).await {
            return false;
        }
    }
    true
}

async fn make(step: &Step, stream: &mut TcpStream) -> bool {
    match step {
        Step::Write(bytes) => stream.write_all(bytes).await.is_ok(),
        Step::Read(length) => stream.read_exact(&mut vec![0; *length]).await.is_ok(),
        Step::Pause(pause) => {
            sleep(*pause).await;
            true
        }
        Step::Pass(gate) => {
            gate.passed().await;
            true
        }
        Step::Drip(pause) => {
            while stream.write_all(b" ").await.is_ok() {
                sleep(*pause).await;
            }
            false
        }
        Step::Flood => {
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
            false
        }
        // Whatever else the other side sends is not read as a request.
        Step::Silence => {
            while stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
            false
        }
        Step::Close => {
            // Reset by the other side, it is closed already.
            let _ = stream.shutdown().await;
            false
        }
        Step::Reset => {
            stream.set_zero_linger().expect("a TCP stream can be told to reset");
            false
        }
    }
}
