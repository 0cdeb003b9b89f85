//! The files of a database: do their paths still lead to what was opened?
//!
//! A file that was removed, renamed or replaced goes on taking what is written, and the next process will not find it.
//! Deliberately absent: the index of the log (`-shm`), which every process makes anew.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ffi};

/// A file, whatever its name is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct File {
    device: u64,
    inode: u64,
}

/// Paths, and the files that they led to when this was made.
#[derive(Clone)]
pub(super) struct Files(Vec<(PathBuf, Option<File>)>);

impl Files {
    /// What these paths lead to now.
    pub(super) fn at(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(paths.into_iter().map(|path| (path.clone(), file(&path))).collect())
    }

    /// These and others.
    pub(super) fn and(&self, others: Self) -> Self {
        Self([&self.0[..], &others.0].concat())
    }

    /// An error, as SQLite would have it, if one of the paths leads elsewhere by now, or nowhere.
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        let is_there = |(path, opened): &(PathBuf, Option<File>)| opened.is_some() && file(path) == *opened;
        if self.0.iter().all(is_there) {
            return Ok(());
        }
        Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED), None))
    }
}

/// Is it the error of [`Files::check`]?
pub(super) fn is_of_the_place(error: &Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_READONLY_DBMOVED)
}

fn file(path: &Path) -> Option<File> {
    let file = fs::metadata(path).ok()?;
    Some(File { device: file.dev(), inode: file.ino() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_or_another_one_is_noticed_and_its_return_too() {
        let directory = tempfile::tempdir().unwrap();
        let [path, away] = ["a", "b"].map(|name| directory.path().join(name));
        assert!(Files::at([path.clone()]).check().is_err(), "what was never there is in no place");
        fs::write(&path, "one").unwrap();
        let files = Files::at([path.clone()]);
        let check = || files.check().as_ref().map_err(is_of_the_place).copied();
        assert_eq!(check(), Ok(()));
        fs::write(&path, "what is in it does not matter").unwrap();
        assert_eq!(check(), Ok(()));
        fs::rename(&path, &away).unwrap();
        assert_eq!(check(), Err(true));
        fs::copy(&away, &path).unwrap();
        assert_eq!(check(), Err(true), "a copy is another file");
        fs::rename(&away, &path).unwrap();
        assert_eq!(check(), Ok(()));
        assert!(files.and(Files::at([away])).check().is_err(), "all of them have to be there");
    }
}
