//! New keys of a domain, in files that nobody else may read.
//!
//! A key is written whole to a hidden file, which gets its name then, unless a file has it: a node that reads the directory
//! meanwhile sees all of a key or nothing, and no key is ever overwritten.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::Key;
use super::names::is_domain;
use crate::model::message::address::host_name;

/// Why there are no new keys.
#[derive(Debug, thiserror::Error)]
pub enum CannotMake {
    /// The domain.
    #[error("{0} is no domain, such as example.org")]
    Domain(String),
    /// A file.
    #[error("cannot write {0}: {1}")]
    File(PathBuf, io::Error),
    /// A key of this name.
    #[error(
        "there is {0} already, and no key is overwritten: remove it if it is not to sign any more, or make keys on \
         another day (UTC)"
    )]
    There(PathBuf),
    /// A key.
    #[error("no key could be made")]
    Key,
}

/// A key that was made, and its file.
pub struct Made {
    /// The key.
    pub key: Key,
    /// Where it is.
    pub file: PathBuf,
}

/// The domain as its folder is named.
pub fn domain_of(text: &str) -> Result<String, CannotMake> {
    let name = host_name(text).ok().filter(|name| is_domain(name));
    name.map(Into::into).ok_or_else(|| CannotMake::Domain(text.to_owned()))
}

/// Makes a key of each kind for this domain; their selectors begin with `name`, which is to sort behind those of older keys.
pub fn make(directory: &Path, domain: &str, name: &str) -> Result<Vec<Made>, CannotMake> {
    let keys = [("rsa", rsa().ok_or(CannotMake::Key)?), ("ed25519", ed25519().ok_or(CannotMake::Key)?)];
    let keys = keys.map(|(kind, der)| (format!("{name}-{kind}"), pem(&der)));
    let folder = directory.join(domain);
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&folder).map_err(|error| CannotMake::File(folder.clone(), error))?;
    let file = |selector: &str| folder.join(format!("{selector}.pem"));
    if let Some((selector, _)) = keys.iter().find(|(selector, _)| file(selector).exists()) {
        return Err(CannotMake::There(file(selector)));
    }
    let write = |(selector, pem): &(String, String)| {
        let key = Key::read(selector, pem.as_bytes()).map_err(|_| CannotMake::Key)?;
        let file = file(selector);
        write(&folder, &file, pem).map_err(|error| CannotMake::File(file.clone(), error))?;
        Ok(Made { key, file })
    };
    keys.iter().map(write).collect()
}

fn write(folder: &Path, file: &Path, pem: &str) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let hidden = folder.join(format!(".{name}.{}", fastrand::u64(..)));
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden)?;
    let written = written.write_all(pem.as_bytes()).and_then(|()| written.sync_all());
    let named = written.and_then(|()| fs::hard_link(&hidden, file));
    fs::remove_file(&hidden)?;
    named.and_then(|()| File::open(folder)?.sync_all())
}

fn rsa() -> Option<Vec<u8>> {
    let pair = RsaPair::generate(KeySize::Rsa2048).ok()?;
    let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    Some(der.as_ref().to_vec())
}

fn ed25519() -> Option<Vec<u8>> {
    let der = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).ok()?;
    Some(der.as_ref().to_vec())
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]);
    let lines = ["-----BEGIN PRIVATE KEY-----"].into_iter().chain(lines).chain(["-----END PRIVATE KEY-----", ""]);
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_appears_meanwhile_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("s.pem");
        fs::write(&file, "old").unwrap();
        assert_eq!(write(directory.path(), &file, "new").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
