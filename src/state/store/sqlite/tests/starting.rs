//! What keeps a store from being opened.

use super::*;

const NEWER: Step = Step { sql: "create table more (x integer) strict", works_with: 2 };
const LATER: &[Module] = &[Module { steps: &[STEP, NEWER], ..MODULES[0] }];

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_by_number() {
    let directory = tempfile::tempdir().unwrap();
    drop(open_with(directory.path(), KEY, LATER, Arc::default()).unwrap());
    let error = open(directory.path()).err().unwrap().to_string();
    assert!(error.contains("newer version of smsp (schema 2 of notes, this version knows 1)"), "{error}");
}

#[tokio::test]
async fn a_wrong_key_and_a_missing_key_are_named_and_a_second_key_opens() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    store.write(|database| database.execute("insert into note values (1, 'a')", []).map(drop)).await.unwrap();
    drop(store);
    let (wrong, other) = (KEY.replace('1', "2"), KEY.replace("a:", "b:").replace('1', "3"));
    for (keys, expected) in [
        (&wrong, "SMSP_STORE_KEY: the key `a` is not the one that the store was written with"),
        (&other, "SMSP_STORE_KEY: the store has content under the key `a`: give it as the second key"),
    ] {
        let error = open_with(directory.path(), keys, MODULES, Arc::default()).err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
    open_with(directory.path(), &format!("{other},{KEY}"), MODULES, Arc::default()).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("smsp.db");
    let text = "not a database ".repeat(1000);
    std::fs::write(&path, &text).unwrap();
    let error = open(directory.path()).err().unwrap().to_string();
    assert!(error.contains(" is damaged: restore a backup"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_directory_that_may_not_be_written_is_named() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anywhere.
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let child = child::writing(directory.path(), if is_root { &nobody } else { &[] });
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let error = text.lines().find_map(|line| line.strip_prefix("error: "));
    let expected =
        format!("SMSP_STORE: {} cannot be used: Permission denied (os error 13)", directory.path().display());
    assert_eq!(error, Some(expected.as_str()), "{text}");
}
