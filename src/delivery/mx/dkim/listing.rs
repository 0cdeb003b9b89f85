//! The files of a directory of keys: their names, and what is in them.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::names::{is_domain, is_selector};

/// Keys of a directory.
const MOST_KEYS: usize = 2000;
/// Names in one folder.
const MOST_NAMES: usize = 10_000;
/// Bytes of a key's file.
const MOST_BYTES: u64 = 16 * 1024;
/// Lists of a directory that is swapped while it is read.
const MOST_LISTS: usize = 3;
const ENDING: &str = ".pem";
const OTHERS_MAY_READ: u32 = 0o004;

/// A key as it was read. It is not `Debug`, so that no log can have it.
pub(super) struct Found {
    pub(super) domain: String,
    pub(super) selector: String,
    pub(super) pem: Vec<u8>,
    /// Can every user of this machine read it?
    pub(super) is_exposed: bool,
}

impl Found {
    /// The file, below the directory.
    pub(super) fn name(&self) -> String {
        format!("{}/{}{ENDING}", self.domain, self.selector)
    }
}

/// Why the directory cannot be used.
pub(super) struct Unusable {
    problem: String,
    /// What was listed is gone.
    is_gone: bool,
}

impl From<String> for Unusable {
    fn from(problem: String) -> Self {
        Self { problem, is_gone: false }
    }
}

/// The files, in the order of domains and selectors.
pub(super) fn list(path: &Path) -> Result<Vec<Found>, String> {
    settled(|| list_once(path))
}

/// What a list comes to that is made anew, a few times, when a file of it has gone away meanwhile.
pub(super) fn settled<T>(mut list: impl FnMut() -> Result<T, Unusable>) -> Result<T, String> {
    for _ in 1..MOST_LISTS {
        match list() {
            Err(Unusable { is_gone: true, .. }) => {}
            listed => return listed.map_err(|unusable| unusable.problem),
        }
    }
    list().map_err(|unusable| unusable.problem)
}

pub(super) fn list_once(path: &Path) -> Result<Vec<Found>, Unusable> {
    let mut found = Vec::new();
    for domain in names(path)? {
        let folder = path.join(&domain);
        let files = match in_folder(&folder) {
            // No key could be in it: the `lost+found` of a volume, which only root may read.
            Err(_) if !is_domain(&domain) => continue,
            files => files?,
        };
        for file in files {
            let Some(selector) = file.strip_suffix(ENDING) else { continue };
            if found.len() == MOST_KEYS {
                return Err(format!("{} has more than {MOST_KEYS} keys", path.display()).into());
            }
            check_names(&domain, selector)?;
            let (pem, is_exposed) =
                read(&folder.join(&file)).map_err(|error| unreadable(&folder.join(&file), &error))?;
            found.push(Found { domain: domain.clone(), selector: selector.to_owned(), pem, is_exposed });
        }
    }
    Ok(found)
}

/// The names in what may be a folder; in a file there are none.
fn in_folder(path: &Path) -> Result<Vec<String>, Unusable> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() { names(path) } else { Ok(Vec::new()) }
}

/// The names in a folder, in order, but for hidden ones and those that are not text.
fn names(path: &Path) -> Result<Vec<String>, Unusable> {
    let entries = fs::read_dir(path).and_then(|entries| entries.take(MOST_NAMES + 1).collect::<io::Result<Vec<_>>>());
    let entries = entries.map_err(|error| unreadable(path, &error))?;
    if entries.len() > MOST_NAMES {
        return Err(format!("{} has more than {MOST_NAMES} entries", path.display()).into());
    }
    let names = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort_unstable();
    Ok(names)
}

/// The text, and whether everybody may read it. A pipe is not waited for.
fn read(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut pem = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut pem)?;
    if pem.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("it has more than 16 KiB, which no key has"));
    }
    Ok((pem, metadata.permissions().mode() & OTHERS_MAY_READ != 0))
}

fn unreadable(path: &Path, error: &io::Error) -> Unusable {
    Unusable {
        problem: format!("cannot read {}: {error}", path.display()),
        is_gone: error.kind() == io::ErrorKind::NotFound,
    }
}

fn check_names(domain: &str, selector: &str) -> Result<(), String> {
    let wrong = |what| format!("{domain}/{selector}{ENDING}: {what}");
    if !is_domain(domain) {
        return Err(wrong("the folder's name is no domain in small letters"));
    }
    if is_selector(selector) {
        Ok(())
    } else {
        Err(wrong("a selector is of small letters, digits, `-` and `_`, in labels"))
    }
}
