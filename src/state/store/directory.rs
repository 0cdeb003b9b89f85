//! The directory of a SQLite store: this process's alone, on a disk of this machine.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{statfs, statvfs};

use super::open_error::OpenError;

/// What versions before this one lock, and it alone. This one locks the directory too: a file can be removed, and made
/// anew by a second process, while the first one has it. The database itself is locked by none while it is idle.
const LOCK: &str = "smsp.lock";
const DATABASE: &str = "smsp.db";
/// Only the account that smsp runs as.
const MODE: u32 = 0o600;

/// File systems over a network, or that may be (FUSE), by the number that Linux gives them (statfs(2)).
const NETWORK: [(u64, &str); 9] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x7461_636f, "OCFS2"),
    (0x5346_414f, "AFS"),
    (0x6573_5546, "FUSE"),
];

/// A directory that no other process uses, as long as this lives.
pub(super) struct Directory {
    path: PathBuf,
    _locks: [File; 2],
}

impl Directory {
    /// Makes it this process's own.
    pub(super) fn lock(path: &Path) -> Result<Self, OpenError> {
        let unusable = |error| OpenError::Directory(path.display().to_string(), error);
        let kind = statfs(path).map_err(|error| unusable(error.into()))?.f_type;
        if let Some(name) = network_file_system(kind.cast_unsigned()) {
            return Err(OpenError::Network(path.display().to_string(), name));
        }
        let lock = |file: io::Result<File>| {
            let file = file.map_err(unusable)?;
            match file.try_lock() {
                Ok(()) => Ok(file),
                Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.display().to_string())),
                Err(TryLockError::Error(error)) => Err(unusable(error)),
            }
        };
        let locks = [lock(File::open(path))?, lock(private_file(&path.join(LOCK)))?];
        // SQLite gives its other files the permissions of this one.
        private_file(&path.join(DATABASE)).map_err(unusable)?;
        Ok(Self { path: path.to_owned(), _locks: locks })
    }

    /// Is a database in this directory? Nothing is made there.
    pub(super) fn has_database(path: &Path) -> bool {
        // A start that has ended early leaves an empty file.
        Self::database_in(path).metadata().is_ok_and(|file| file.len() > 0)
    }

    /// The file of the database in this directory.
    pub(super) fn database_in(path: &Path) -> PathBuf {
        path.join(DATABASE)
    }

    /// Its path, for people.
    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The file of the database.
    pub(super) fn database(&self) -> PathBuf {
        Self::database_in(&self.path)
    }

    /// The share of the disk that is free, in hundredths of a percent.
    pub(super) fn free(&self) -> io::Result<u64> {
        let disk = statvfs(&self.path)?;
        Ok(disk.f_bavail.saturating_mul(10_000) / disk.f_blocks.max(1))
    }
}

fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(MODE).open(path)
}

fn network_file_system(kind: u64) -> Option<&'static str> {
    // Some are sign-extended from 32 bits.
    NETWORK.iter().find(|(number, _)| *number == kind & 0xffff_ffff).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_lock_at_a_time_and_files_for_one_account() {
        let path = tempfile::tempdir().unwrap();
        let first = Directory::lock(path.path()).unwrap();
        assert!(matches!(Directory::lock(path.path()), Err(OpenError::InUse(_))));
        let mode = first.database().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
        assert!((1..=10_000).contains(&first.free().unwrap()), "{:?}", first.free());
        std::fs::remove_file(path.path().join(LOCK)).unwrap();
        let second = Directory::lock(path.path());
        assert!(matches!(second, Err(OpenError::InUse(_))), "the file that is locked was removed");
        drop(first);
        Directory::lock(path.path()).unwrap();
    }

    #[test]
    fn a_directory_that_is_missing_or_takes_no_file_is_named() {
        for path in ["/nowhere/at/all", "/proc/self"] {
            let error = Directory::lock(Path::new(path)).err().unwrap().to_string();
            assert!(error.starts_with(&format!("SMSP_STORE: {path} cannot be used: ")), "{error}");
        }
    }

    #[test]
    fn network_file_systems_are_refused_by_number_and_local_ones_are_not() {
        assert_eq!(network_file_system(0x6969), Some("NFS"));
        assert_eq!(network_file_system(0xffff_ffff_ff53_4d42), Some("CIFS"));
        for (local, name) in
            [(0xef53, "ext4"), (0x0102_1994, "tmpfs"), (0x794c_7630, "overlay"), (0x9123_683e, "btrfs")]
        {
            assert_eq!(network_file_system(local), None, "{name}");
        }
    }
}
