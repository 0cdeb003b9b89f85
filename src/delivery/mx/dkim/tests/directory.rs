//! What is in the directory, and what must not be.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::super::listing::{list_once, settled};
use super::super::making::make;
use super::super::{KeyDirectory, Keys};

fn selectors(directory: &KeyDirectory) -> Vec<String> {
    let keys = directory.read().unwrap();
    let all = keys.iter().flat_map(|(domain, keys)| keys.iter().map(move |key| format!("{domain}/{}", key.selector())));
    all.collect()
}

#[test]
fn keys_are_read_by_domain_and_selector_and_again_when_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let directory = KeyDirectory::at(folder.path());
    assert!(selectors(&directory).is_empty());
    make(folder.path(), "example.org", "b").unwrap();
    make(folder.path(), "a.example", "a").unwrap();
    fs::write(folder.path().join("README"), "not looked at").unwrap();
    fs::create_dir(folder.path().join("..data")).unwrap();
    fs::write(folder.path().join("..data/s.pem"), "not looked at").unwrap();
    fs::write(folder.path().join("example.org/.b.pem"), "half").unwrap();
    fs::write(folder.path().join("example.org/notes.txt"), "not looked at").unwrap();
    let expected = ["a.example/a-ed25519", "a.example/a-rsa", "example.org/b-ed25519", "example.org/b-rsa"];
    assert_eq!(selectors(&directory), expected);
    let before = directory.read().unwrap();
    assert!(before == directory.read().unwrap(), "nothing has changed");
    fs::remove_file(folder.path().join("example.org/b-rsa.pem")).unwrap();
    assert!(before != directory.read().unwrap());
    fs::write(folder.path().join("example.org/b-ed25519.pem"), "broken").unwrap();
    assert!(directory.read().err().unwrap().starts_with("example.org/b-ed25519.pem has no private key"));
}

#[test]
fn a_name_that_is_none_of_the_dns_is_told() {
    for (file, problem) in [
        ("Example.org/s.pem", "no domain in small letters"),
        ("org/s.pem", "no domain in small letters"),
        ("example.org/s t.pem", "a selector is of"),
        ("example.org/S.pem", "a selector is of"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        let error = KeyDirectory::at(folder.path()).read().err().unwrap();
        assert!(error.starts_with(file) && error.contains(problem), "{file}: {error}");
    }
    let missing = KeyDirectory::at(Path::new("/nowhere")).read().err().unwrap();
    assert!(missing.starts_with("cannot read /nowhere: "), "{missing}");
}

#[test]
fn a_folder_that_cannot_be_read_is_told_unless_no_domain_has_its_name() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "example.org", "s").unwrap();
    // Not even root can read a link to itself.
    let closed = |name: &str| symlink(name, folder.path().join(name)).unwrap();
    closed("lost+found");
    let directory = KeyDirectory::at(folder.path());
    assert_eq!(selectors(&directory), ["example.org/s-ed25519", "example.org/s-rsa"]);
    closed("example.com");
    let error = directory.read().err().unwrap();
    assert!(error.starts_with("cannot read ") && error.contains("/example.com: "), "{error}");
}

/// What is read of `example.org/s.pem`, in this form.
fn told(file: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("example.org")).unwrap();
    file(&folder.path().join("example.org/s.pem"));
    let told = KeyDirectory::at(folder.path()).read().err().unwrap();
    told.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn what_is_no_small_file_is_told_and_not_waited_for() {
    let pipe = told(|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()));
    assert_eq!(pipe, "cannot read example.org/s.pem: it is no file");
    assert_eq!(told(|path| fs::create_dir(path).unwrap()), "cannot read example.org/s.pem: it is no file");
    let large = told(|path| fs::write(path, "x".repeat(16 * 1024 + 1)).unwrap());
    assert_eq!(large, "cannot read example.org/s.pem: it has more than 16 KiB, which no key has");
    let link = told(|path| symlink("gone.pem", path).unwrap());
    assert!(link.starts_with("cannot read example.org/s.pem: No such file"), "{link}");
    let nothing = told(|path| fs::write(path, "").unwrap());
    assert!(nothing.starts_with("example.org/s.pem has no private key in PEM"), "{nothing}");
}

#[test]
fn a_volume_that_is_swapped_as_kubernetes_does_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (version, name) in [("..1", "a"), ("..2", "b")] {
        make(&path(version), "example.org", name).unwrap();
    }
    symlink("..1", path("..data")).unwrap();
    symlink("..data/example.org", path("example.org")).unwrap();
    let directory = KeyDirectory::at(folder.path());
    assert_eq!(selectors(&directory), ["example.org/a-ed25519", "example.org/a-rsa"]);
    symlink("..2", path("..new")).unwrap();
    fs::rename(path("..new"), path("..data")).unwrap();
    assert_eq!(selectors(&directory), ["example.org/b-ed25519", "example.org/b-rsa"]);
}

#[test]
fn files_that_go_away_while_they_are_read_are_listed_anew_but_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let after = |gone: usize| {
        let mut lists = 0;
        let listed = settled(|| {
            lists += 1;
            list_once(if lists > gone { folder.path() } else { Path::new("/nowhere") })
        });
        (listed.is_ok(), lists)
    };
    assert_eq!([after(0), after(1), after(2), after(3)], [(true, 1), (true, 2), (true, 3), (false, 3)]);
}

#[test]
fn a_node_that_has_keys_does_not_take_an_empty_directory_for_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let directory = KeyDirectory::at(folder.path());
    let none = directory.read_again(&Keys::default()).unwrap();
    assert!(none.is_empty());
    make(folder.path(), "a.example", "s").unwrap();
    make(folder.path(), "b.example", "s").unwrap();
    let both = directory.read_again(&none).unwrap();
    fs::remove_dir_all(folder.path().join("a.example")).unwrap();
    let one = directory.read_again(&both).unwrap();
    assert_eq!(both.domains_without(&one).collect::<Vec<_>>(), ["a.example"]);
    assert_eq!(one.domains_without(&both).count(), 0);
    fs::remove_dir_all(folder.path().join("b.example")).unwrap();
    let error = directory.read_again(&one).err().unwrap();
    assert!(error.starts_with("no key is left in "), "{error}");
}

#[test]
fn a_key_that_everybody_can_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), "example.org", "s").unwrap();
    let directory = KeyDirectory::at(folder.path());
    assert_eq!(directory.exposed(), Ok(Vec::new()));
    fs::set_permissions(&made[0].file, Permissions::from_mode(0o640)).unwrap();
    assert_eq!(directory.exposed(), Ok(Vec::new()), "a group may be the node's");
    fs::set_permissions(&made[0].file, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(directory.exposed(), Ok(vec!["example.org/s-rsa.pem".to_owned()]));
}
