//! A reader that can be stopped, as a log collector that stalls, and that can go away, as one that has crashed.

use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What a reader does at its next read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reading {
    #[default]
    On,
    /// Until further notice it reads nothing, and its pipe fills.
    Stopped,
    /// It ends, and closes its side of the pipe.
    Gone,
}

/// Tells a reader what to do; clones tell the same one.
#[derive(Clone, Default)]
pub(super) struct Switch(Arc<(Mutex<Reading>, Condvar)>);

impl Switch {
    pub(super) fn set(&self, reading: Reading) {
        *self.lock() = reading;
        self.0.1.notify_all();
    }

    /// Waits for as long as the reader is stopped.
    fn wait(&self) -> Reading {
        let stopped = |reading: &mut Reading| *reading == Reading::Stopped;
        *self.0.1.wait_while(self.lock(), stopped).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that is read as its switch says.
pub(super) struct Stalling<R> {
    pub(super) stream: R,
    pub(super) switch: Switch,
}

impl<R: Read> Read for Stalling<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.switch.wait() {
            Reading::Gone => Ok(0),
            _ => self.stream.read(bytes),
        }
    }
}
