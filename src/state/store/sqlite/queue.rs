//! The queue in front of a thread of the store: bounded in length and in bytes, and every wait in it bounded in time.
//!
//! A command whose caller has gone is carried out all the same, so it keeps its place, and the room for its mail, until then:
//! while the disk hangs, callers that give up and come again fill the queue, and no memory behind it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{AcquireError, Semaphore, oneshot};
use tokio::time::timeout;

use super::job::{Command, Job, Reservation};
use crate::state::store::failed::Failed;

/// Commands that may wait.
const LENGTH: usize = 1024;
/// Bytes of mail in commands that wait, in units of [`UNIT`].
const ROOM: u32 = 32 * 1024;
/// Smaller ones are not counted.
const UNIT: u64 = 1024;
/// For room and a place in the queue.
const PLACE: Duration = Duration::from_secs(5);
/// From there to the answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The end of the queue where commands come in.
#[derive(Clone)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    room: Arc<Semaphore>,
    jobs: Sender<Box<dyn Job>>,
}

impl Queue {
    pub(super) fn new() -> (Self, Receiver<Box<dyn Job>>) {
        let (jobs, receiver) = channel();
        let (places, room) = (Semaphore::new(LENGTH), Semaphore::new(ROOM as usize));
        (Self { places: Arc::new(places), room: Arc::new(room), jobs }, receiver)
    }

    /// The answer to this command, which holds so many bytes of mail. Without one in time the command may still be carried
    /// out.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        bytes: u64,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failed> {
        let reservation = timeout(PLACE, self.reserve(bytes)).await;
        let reservation = reservation.ok().and_then(Result::ok).ok_or(Failed::Down)?;
        let (reply, answer) = oneshot::channel();
        let command = Command { work: Some(work), result: None, reply, _reservation: reservation };
        self.jobs.send(Box::new(command)).map_err(|_| Failed::Down)?;
        let answer = timeout(ANSWER, answer).await;
        answer.ok().and_then(Result::ok).unwrap_or(Err(Failed::Unclear))
    }

    /// A command that has more bytes than there is room for waits until it is alone. One without any waits for no room.
    async fn reserve(&self, bytes: u64) -> Result<Reservation, AcquireError> {
        let units = u32::try_from(bytes / UNIT).unwrap_or(ROOM).min(ROOM);
        let room = Arc::clone(&self.room).acquire_many_owned(units).await?;
        Ok(Reservation { _room: room, _place: Arc::clone(&self.places).acquire_owned().await? })
    }
}
