//! Orders that wait for the task that carries them out: a bounded queue whose receiving end outlives a panic of that task.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

/// Orders that may wait; the next ones wait for a place.
const LENGTH: usize = 64;

/// One that waits, and who waits for it.
pub(super) struct Waiting<T> {
    pub(super) order: T,
    pub(super) done: oneshot::Sender<()>,
}

pub(super) struct Inbox<T> {
    sender: mpsc::Sender<Waiting<T>>,
    /// None while a task has it.
    receiver: Mutex<Option<mpsc::Receiver<Waiting<T>>>>,
}

/// The receiving end, in the hands of a task; it is put back when that ends.
pub(super) struct Taken<'a, T> {
    inbox: &'a Inbox<T>,
    receiver: Option<mpsc::Receiver<Waiting<T>>>,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(LENGTH);
        Self { sender, receiver: Mutex::new(Some(receiver)) }
    }

    /// Waits until an order is carried out. False: the task panicked meanwhile.
    pub(super) async fn ask(&self, order: T) -> bool {
        let (done, answer) = oneshot::channel();
        self.sender.send(Waiting { order, done }).await.is_ok() && answer.await.is_ok()
    }

    /// For the one task.
    pub(super) fn take(&self) -> Taken<'_, T> {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        Taken { inbox: self, receiver }
    }
}

impl<T> Taken<'_, T> {
    /// The next order.
    pub(super) async fn next(&mut self) -> Waiting<T> {
        let waiting = match &mut self.receiver {
            Some(receiver) => receiver.recv().await,
            None => None,
        };
        match waiting {
            Some(waiting) => waiting,
            // Another task has it.
            None => std::future::pending().await,
        }
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        let mut place = self.inbox.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiver) = self.receiver.take() {
            *place = Some(receiver);
        }
    }
}
