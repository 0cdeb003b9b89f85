//! The directory of keys, which may be read again and again: what has not changed is not parsed again.
//!
//! Names that begin with a dot are left out: a volume of Kubernetes has some, and so has a file that is being written. Links
//! are followed, for such a volume is made of them. It is swapped as a whole: files that were listed are gone then, so all is
//! listed anew. Each file is read whole, but not all of them at one moment: the next read finds what changed meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::key::Key;
use super::keys::Keys;
use super::listing::{Found, list};

/// Where keys stand.
#[derive(Clone)]
pub struct KeyDirectory {
    path: PathBuf,
    last: Arc<Mutex<Option<LastRead>>>,
}

/// What was read last, and what it came to.
struct LastRead {
    digest: [u8; 32],
    keys: Result<Keys, String>,
}

impl KeyDirectory {
    /// The directory at this path; nothing is read yet.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), last: Arc::default() }
    }

    /// The keys as they are now, all of them or none; an error names the file. It may block.
    pub fn read(&self) -> Result<Keys, String> {
        let found = list(&self.path)?;
        let mut digest = Sha256::new();
        for Found { domain, selector, pem, .. } in &found {
            digest.update(format!("{domain}/{selector}/{}/", pem.len()));
            digest.update(pem);
        }
        let digest = digest.finalize().into();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| known.digest == digest) {
            return known.keys.clone();
        }
        let keys = parse(&found);
        *last = Some(LastRead { digest, keys: keys.clone() });
        keys
    }

    /// The keys for a node that has some: a directory without any is an error then, for it is what a volume leaves behind that
    /// is gone. It may block.
    pub fn read_again(&self, known: &Keys) -> Result<Keys, String> {
        let keys = self.read()?;
        if keys.is_empty() && !known.is_empty() {
            return Err(format!(
                "no key is left in {}: bring them back, or start the node anew if it is to sign nothing",
                self.path.display()
            ));
        }
        Ok(keys)
    }

    /// The files that every user of this machine can read. It may block.
    pub fn exposed(&self) -> Result<Vec<String>, String> {
        let exposed = list(&self.path)?.into_iter().filter(|found| found.is_exposed);
        Ok(exposed.map(|found| found.name()).collect())
    }
}

fn parse(found: &[Found]) -> Result<Keys, String> {
    let mut keys: BTreeMap<String, Vec<Key>> = BTreeMap::new();
    for file @ Found { domain, selector, pem, .. } in found {
        let key = Key::read(selector, pem).map_err(|problem| format!("{} {problem}", file.name()))?;
        keys.entry(domain.clone()).or_default().push(key);
    }
    Ok(Keys::new(keys))
}
