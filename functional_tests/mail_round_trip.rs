//! Mails in the hands of their readers: what was sent by SMTP, into a Maildir and as a file to SES is read back by others.

mod cases;
mod catalogue;
mod content;
mod readers;
mod transports;

use crate::harness::seed::seed;
use std::collections::BTreeMap;
use std::path::Path;

use content::{Content, Party};
use futures_util::future::join_all;

/// Mails of one run, beside those of the catalogue: each has subjects, names, file names, References, and two addresses.
const MAILS: usize = 400;
const MAILS_AT_LENGTH: usize = 2500;
/// Octets of a line without its CRLF (RFC 5322 2.1.1).
const MAX_LINE: usize = 998;

/// Every file with its longest line, if that is too long.
fn long_lines(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let long = |path: &Path| {
        let mail = std::fs::read(path).expect("a mail");
        let longest = mail.split(|byte| *byte == b'\n').map(|line| line.len().saturating_sub(1)).max();
        longest.filter(|longest| *longest > MAX_LINE).map(|longest| format!("{}: {longest}", path.display()))
    };
    files.filter_map(|path| long(&path)).collect()
}

/// What is not as it was sent: the file, what was found, what was sent.
fn differences(found: &BTreeMap<String, Content>, sent: impl Fn(&str) -> Content) -> Vec<String> {
    let differs = |(name, found): (&String, &Content)| {
        let sent = sent(name);
        let (found, sent) = (found.lines(), sent.lines());
        let lines = found.iter().zip(&sent).filter(|(found, sent)| found != sent);
        let lines: Vec<_> = lines.map(|(found, sent)| format!("{name}\n  found {found}\n  sent  {sent}")).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    };
    found.iter().filter_map(differs).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mail_is_read_back_as_it_was_sent() {
    are_read_back(MAILS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn every_mail_of_many_is_read_back_as_it_was_sent() {
    are_read_back(MAILS_AT_LENGTH).await;
}

async fn are_read_back(count: usize) {
    let seed = seed();
    let mails = cases::cases(seed, count);
    let for_ses: Vec<_> = mails.iter().cloned().map(Content::in_ascii).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path();
    tokio::join!(
        transports::by_maildir(&mails, dir),
        transports::by_smtp(&mails, dir),
        transports::by_ses(&for_ses, dir)
    );
    let long = long_lines(dir);
    assert!(long.is_empty(), "SMSP_TEST_SEED={seed}: {long:#?}");
    let sent = |name: &str| {
        let (number, way) = name.split_once('-').expect("number and way");
        let mails = if way == "ses.eml" { &for_ses } else { &mails };
        mails[number.parse::<usize>().expect("a number")].clone()
    };
    let readers = readers::readers();
    let found = join_all(readers.iter().map(|reader| readers::read(reader, dir))).await;
    for (reader, found) in readers.iter().zip(found) {
        assert_eq!(found.len(), 3 * count, "SMSP_TEST_SEED={seed}: {}", reader.0);
        let wrong = differences(&found, sent);
        assert!(
            wrong.is_empty(),
            "SMSP_TEST_SEED={seed}: {} finds {} differences\n{}",
            reader.0,
            wrong.len(),
            wrong.join("\n")
        );
    }
}

/// A mail with two known faults: an unfolded list, and two spaces that no reader shows (RFC 2047 6.2).
#[tokio::test]
async fn an_unfolded_list_and_a_lost_space_are_found() {
    let mut sent = cases::cases(0, 1).remove(0);
    sent.subject = "Schöne Grüße.  Übrigens".to_owned();
    sent.to = (0..60).map(|at| Party(String::new(), format!("recipient-{at}@example.org"))).collect();
    sent.references.clear();
    let to: Vec<_> = sent.to.iter().map(|party| party.1.as_str()).collect();
    let subject = "=?utf-8?q?Sch=C3=B6ne_Gr=C3=BC=C3=9Fe.?=  =?utf-8?q?=C3=9Cbrigens?=";
    let mail = format!("From: a@example.org\r\nTo: {}\r\nSubject: {subject}\r\n\r\nt\r\n", to.join(", "));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("0-bad.eml"), mail).expect("a file");
    assert_eq!(long_lines(folder.path()).len(), 1);
    for reader in readers::readers() {
        let found = readers::read(&reader, folder.path()).await;
        let wrong = differences(&found, |_| sent.clone()).join("\n");
        let shown = ["found subject \"Schöne Grüße.Übrigens\"", "sent  subject \"Schöne Grüße.  Übrigens\""];
        assert!(shown.iter().all(|line| wrong.contains(line)), "{}: {wrong}", reader.0);
        assert!(!wrong.contains("found to "), "a long line alone is no difference: {wrong}");
    }
}
