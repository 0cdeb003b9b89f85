//! The queue in front of a thread of the store: bounded in length, and every wait in it bounded in time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::job::{Command, Job};
use crate::state::store::failed::Failed;

/// Commands that may wait.
const LENGTH: usize = 1024;
/// For a place in the queue.
const PLACE: Duration = Duration::from_secs(5);
/// From there to the answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The end of the queue where commands come in.
#[derive(Clone)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    jobs: Sender<Box<dyn Job>>,
}

impl Queue {
    pub(super) fn new() -> (Self, Receiver<Box<dyn Job>>) {
        let (jobs, receiver) = channel();
        (Self { places: Arc::new(Semaphore::new(LENGTH)), jobs }, receiver)
    }

    /// The answer to this command. Without one in time the command may still be carried out.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failed> {
        let place = timeout(PLACE, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.ok().and_then(Result::ok).ok_or(Failed::Down)?;
        let (reply, answer) = oneshot::channel();
        let command = Command { work: Some(work), result: None, reply, _place: place };
        self.jobs.send(Box::new(command)).map_err(|_| Failed::Down)?;
        let answer = timeout(ANSWER, answer).await;
        answer.ok().and_then(Result::ok).unwrap_or(Err(Failed::Unclear))
    }
}
