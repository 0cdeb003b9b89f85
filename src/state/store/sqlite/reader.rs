//! The thread that reads, beside the one that writes: lists and counts of many rows hold up no mail.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;
use tracing::error;

use super::connection::Origin;
use super::fault::{Damage, is_of_the_disk, number};
use super::job::{Done, Job};
use super::queue::Queue;
use crate::runtime::restart::{Restarts, restart_in_thread};
use crate::state::store::failed::Failed;

/// Starts the thread; it ends when the last end of the queue is gone.
pub(super) fn start(
    origin: Origin,
    database: Connection,
    restarts: Arc<Restarts>,
    damage: Damage,
) -> io::Result<(Queue, JoinHandle<()>)> {
    let (queue, jobs) = Queue::new();
    let mut database = Some(database);
    let work = move || {
        restart_in_thread("thread that reads from the store", &restarts, || {
            work(&origin, database.take(), &jobs, &damage);
        });
    };
    let thread = Builder::new().name("store-reader".to_owned()).spawn(work)?;
    Ok((queue, thread))
}

fn work(origin: &Origin, mut database: Option<Connection>, jobs: &Receiver<Box<dyn Job>>, damage: &Damage) {
    for mut job in jobs {
        database = database.or_else(|| origin.to_read().ok());
        let Some(reading) = &database else {
            job.answer(Err(Failed::Down));
            continue;
        };
        match run(reading, &mut job) {
            Ok(()) => job.answer(Ok(())),
            Err(error) => {
                error!(number = number(&error), "the store could not be read");
                damage.note(&error);
                if is_of_the_disk(&error) {
                    database = None;
                }
                job.answer(Err(Failed::Down));
            }
        }
    }
}

/// In one transaction, so that all of it is of one moment.
fn run(database: &Connection, job: &mut Box<dyn Job>) -> rusqlite::Result<()> {
    database.execute_batch("begin")?;
    let done = job.run(database);
    database.execute_batch("rollback")?;
    match done {
        Done::Failed(error) => Err(error),
        Done::Well | Done::Panicked => Ok(()),
    }
}
