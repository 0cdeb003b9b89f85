//! A file that is being written beside its name, and gets the name once it is complete and on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::state::store::backup::BackupError;

/// Added to the name.
const SUFFIX: &str = ".partial";
/// Only the account that smsp runs as.
const MODE: u32 = 0o600;

/// A file that has not its name yet; it is removed where it does not come to that.
pub(super) struct Partial {
    /// SQLite wants it as text.
    path: String,
    target: PathBuf,
}

impl Partial {
    /// An empty file beside this name, under which there is none.
    pub(super) fn create(target: &Path) -> Result<Self, BackupError> {
        let shown = |path: &Path| path.display().to_string();
        let unusable = |error| BackupError::File(shown(target), error);
        // SQLite would take a relative one that begins with `file:` for a URI.
        let target = std::path::absolute(target).map_err(unusable)?;
        // Told before the work; the end looks again.
        if target.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(shown(&target)));
        }
        let mut path = target.clone().into_os_string();
        path.push(SUFFIX);
        let path = path.into_string().map_err(|_| unusable(ErrorKind::InvalidFilename.into()))?;
        match OpenOptions::new().write(true).create_new(true).mode(MODE).open(&path) {
            Ok(_) => Ok(Self { path, target }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(BackupError::Partial(path)),
            Err(error) => Err(BackupError::File(path, error)),
        }
    }

    /// Where it is now.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Its name, for people.
    pub(super) fn shown(&self) -> String {
        self.target.display().to_string()
    }

    /// How much is written.
    pub(super) fn size(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// Gives it its name, unless there is a file of that name by now. Its size.
    pub(super) fn finish(self) -> Result<u64, BackupError> {
        let synced = File::open(&self.path).and_then(|file| file.sync_all());
        synced.map_err(|error| self.failed(error))?;
        let size = self.size();
        // Unlike a rename, it never replaces a file.
        fs::hard_link(&self.path, &self.target).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => BackupError::Exists(self.shown()),
            _ => self.failed(error),
        })?;
        let folder = self.target.parent().unwrap_or(Path::new("/")).to_owned();
        let shown = self.shown();
        drop(self);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| BackupError::File(shown, error))?;
        Ok(size)
    }

    /// It cannot be written.
    pub(super) fn failed(&self, error: io::Error) -> BackupError {
        BackupError::File(self.shown(), error)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // What stays is named by the next backup to this name.
        let _ = fs::remove_file(&self.path);
    }
}
