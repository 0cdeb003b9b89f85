//! What is remembered of the database beside it: how far it has come, in the name of an empty file.
//!
//! A copy of older files that is laid over the newer ones overwrites what is in them, but leaves a name that it does not
//! have. The file is renamed after the COMMIT of a mark and before its answer, without an fsync: after a power failure an
//! older name may be there, which never tells against a database that is whole. Beside that the database knows its own file
//! by inode and birth time, so that a copy of the whole directory is noticed too. The number of the device is not part of
//! that: it changes when a disk is attached anew.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use tracing::warn;
use uuid::Uuid;

use crate::state::outbox::{Epoch, Point, WentBack};

/// Followed by the epoch, a point and the marks.
const NAME: &str = "smsp.marks.";

/// What this process and the ones before it remember.
pub(super) struct Remembering {
    directory: PathBuf,
    /// What the file system says of the database's file.
    place: String,
    /// What the names say that were there at first; then, how far this process has seen it come.
    points: Mutex<Vec<Point>>,
    /// The epoch that people want to begin, once it is on the disk.
    accepted: Mutex<Option<Epoch>>,
    /// Has something changed that is to be remembered?
    is_due: AtomicBool,
}

impl Remembering {
    /// Reads the names beside this database.
    pub(super) fn open(database: &Path) -> io::Result<Self> {
        let directory = database.parent().unwrap_or(Path::new("/")).to_owned();
        let points = names(&directory)?.into_iter().map(|(_, point)| point).collect();
        let (accepted, is_due) = (Mutex::default(), AtomicBool::new(true));
        Ok(Self { place: place(database)?, directory, points: Mutex::new(points), accepted, is_due })
    }

    /// The database's file.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// What is missing that is remembered: the most, where several names say different things.
    pub(super) fn compare(&self, found: &Point) -> Option<WentBack> {
        let points = lock(&self.points);
        let missing = points.iter().filter_map(|remembered| found.is_before(remembered));
        missing.max_by_key(|back| match back {
            WentBack::Epoch => u64::MAX,
            WentBack::Marks(marks) => *marks,
            WentBack::Place => 0,
        })
    }

    /// A mark is being made: how far the database has come is to be kept after the COMMIT.
    pub(super) fn marked(&self) {
        self.is_due.store(true, Ordering::Relaxed);
    }

    /// This epoch is being begun by people: after its COMMIT, nothing is held against the database.
    pub(super) fn accepted(&self, epoch: Epoch) {
        *lock(&self.accepted) = Some(epoch);
        self.marked();
    }

    /// Was something changed since the last time that this was asked?
    pub(super) fn is_due(&self) -> bool {
        self.is_due.swap(false, Ordering::Relaxed)
    }

    /// The database has come to this point, on its disk.
    pub(super) fn keep(&self, point: Point) {
        let accepted = lock(&self.accepted).take();
        if accepted.is_some() && accepted == point.epoch() {
            lock(&self.points).clear();
        }
        if self.compare(&point).is_some() {
            return;
        }
        if let Err(error) = self.write(&point) {
            warn!(%error, "how far the store has come could not be written beside it");
        }
        *lock(&self.points) = vec![point];
    }

    /// Under this name alone. The old name goes with the step that brings the new one, but for names of before.
    fn write(&self, point: &Point) -> io::Result<()> {
        let Some(epoch) = point.epoch() else { return Ok(()) };
        let path = self.path(epoch, point.marks);
        let last = lock(&self.points).first().and_then(|last| Some(self.path(last.epoch()?, last.marks)));
        if last.is_none_or(|last| fs::rename(last, &path).is_err()) {
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            for (other, _) in names(&self.directory)?.into_iter().filter(|(other, _)| *other != path) {
                fs::remove_file(other)?;
            }
        }
        Ok(())
    }

    fn path(&self, epoch: Epoch, marks: u64) -> PathBuf {
        self.directory.join(format!("{NAME}{}.{marks}", epoch.0.simple()))
    }
}

/// Held for a moment by the thread that writes, and when the outbox is opened.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the names in this directory say.
fn names(directory: &Path) -> io::Result<Vec<(PathBuf, Point)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if let Some(point) = entry.file_name().to_str().and_then(read_name) {
            names.push((entry.path(), point));
        }
    }
    Ok(names)
}

fn read_name(name: &str) -> Option<Point> {
    let (epoch, marks) = name.strip_prefix(NAME)?.split_once('.')?;
    let (epoch, marks) = (Uuid::try_parse(epoch).ok()?, marks.parse().ok()?);
    Some(Point { epochs: vec![Epoch(epoch)], marks })
}

/// A copy of a file has another inode, or the same inode was born later.
fn place(database: &Path) -> io::Result<String> {
    let file = fs::metadata(database)?;
    // Some file systems do not tell.
    let born = file.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok(format!("inode {} born {}", file.ino(), born.as_nanos()))
}
