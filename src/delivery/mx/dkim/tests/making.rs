//! Files that are made.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::making::{domain_of, make};
use super::super::{Key, KeyDirectory, KeyKind};

#[test]
fn a_key_of_each_kind_is_made_that_its_owner_alone_may_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let made = make(&path, "example.org", "2026").unwrap();
    let kinds: Vec<_> = made.iter().map(|made| made.key.kind()).collect();
    assert_eq!(kinds, [KeyKind::Rsa(2048), KeyKind::Ed25519]);
    for made in &made {
        assert_eq!(fs::metadata(&made.file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let entries = || fs::read_dir(path.join("example.org")).unwrap().count();
    assert_eq!((entries(), mode(&path.join("example.org"))), (2, 0o700), "nothing hidden is left");
    let read = KeyDirectory::at(&path).read().unwrap();
    let read: Vec<_> = read.iter().flat_map(|(_, keys)| keys).map(Key::record).collect();
    assert!(made.iter().all(|made| read.contains(&made.key.record())), "{read:?}");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn no_key_is_overwritten_and_none_is_made_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("example.org");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("2026-ed25519.pem"), "old").unwrap();
    let error = make(directory.path(), "example.org", "2026").err().unwrap();
    let error = error.to_string();
    assert!(error.contains("2026-ed25519.pem already") && error.contains("remove it"), "{error}");
    assert_eq!(fs::read_to_string(folder.join("2026-ed25519.pem")).unwrap(), "old");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_domain_is_taken_as_its_folder_is_named() {
    assert_eq!(domain_of("Example.ORG").unwrap(), "example.org");
    assert_eq!(domain_of("müller.example").unwrap(), "xn--mller-kva.example");
    for text in ["localhost", "../etc", "a@example.org", "", "example.org/"] {
        assert!(domain_of(text).is_err(), "{text}");
    }
}
