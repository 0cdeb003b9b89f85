//! What is signed, and by which keys; a verifier of the same library reads it, so no body here ends in a line of white space,
//! which it would hash wrongly, too (see `relaxed`).

use std::sync::Arc;

use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator};

use super::super::making::make;
use super::super::signature::with_plain_end;
use super::super::{Key, KeyDirectory, Keys};
use crate::runtime::net::name_server::{NameServer, Says};

const FILE: &str = "From: Ada <ada@example.org>\r\nTo: bob@example.com\r\nSubject:  two\t spaces\r\nX-Other: 1\r\n\
     References: <a@b>\r\n <c@d>\r\n\r\nHello  \r\n\r\nworld\r\n\r\n\r\n";

/// Keys for these domains.
struct Fixture {
    folder: tempfile::TempDir,
    keys: Keys,
}

fn fixture(domains: &[(&str, &str)]) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    for (domain, name) in domains {
        make(folder.path(), domain, name).unwrap();
    }
    let keys = KeyDirectory::at(folder.path()).read().unwrap();
    Fixture { folder, keys }
}

impl Fixture {
    /// What a receiver says of each signature of this mail.
    async fn verified(&self, mail: &str) -> Vec<bool> {
        let of = |domain: &str, key: &Key| (key.record_name(domain), key.record());
        let records: Vec<_> =
            self.keys.iter().flat_map(|(domain, keys)| keys.iter().map(move |key| of(domain, key))).collect();
        let server = NameServer::start(move |name, _| match records.iter().find(|(known, _)| known == name) {
            Some((_, record)) => Says::Records(vec![format!(
                "{}|{}",
                &record[..200.min(record.len() - 1)],
                &record[200.min(record.len() - 1)..]
            )]),
            None => Says::NoSuchName,
        })
        .await;
        let verifier = MessageAuthenticator(server.dns().resolver().clone());
        let mail = AuthenticatedMessage::parse(mail.as_bytes()).unwrap();
        let results = verifier.verify_dkim(&mail).await;
        results.iter().map(|output| *output.result() == DkimResult::Pass).collect()
    }
}

fn selectors(fields: &str) -> Vec<&str> {
    fields.split("; s=").skip(1).filter_map(|rest| rest.split(';').next()).collect()
}

#[tokio::test]
async fn a_key_of_each_kind_signs_and_a_receiver_verifies_both() {
    let fixture = fixture(&[("example.org", "s")]);
    let fields = fixture.keys.sign("example.org", FILE.as_bytes()).unwrap();
    assert_eq!(selectors(&fields), ["s-rsa", "s-ed25519"]);
    assert_eq!(fields.matches("c=relaxed/relaxed").count(), 2, "{fields}");
    assert!(fields.ends_with("\r\n") && fields.lines().all(|line| line.len() <= 100), "{fields}");
    let mail = fields + FILE;
    assert_eq!(fixture.verified(&mail).await, [true, true]);
    // What relaxed canonicalization lets pass.
    assert_eq!(fixture.verified(&mail.replace("  two\t spaces", " two spaces  ")).await, [true, true]);
    for changed in [
        mail.replace("world", "World"),
        mail.replace("two\t spaces", "three spaces"),
        mail.replace("\r\nFrom: Ada", "\r\nFrom: eve@example.com\r\nFrom: Ada"),
        mail.replacen("\r\nTo:", "\r\nFrom: eve@example.com\r\nTo:", 1),
        mail.replace("References: <a@b>", "References: <x@b>"),
    ] {
        assert_eq!(fixture.verified(&changed).await, [false, false], "{changed}");
    }
    // What is not signed may be added or changed on the way.
    assert_eq!(fixture.verified(&mail.replace("X-Other: 1", "X-Other: 2\r\nList-Id: <a.b>")).await, [true, true]);
}

#[test]
fn from_is_signed_once_more_than_it_is_there_and_an_absent_field_and_a_length_are_not() {
    let fixture = fixture(&[("example.org", "s")]);
    let fields = fixture.keys.sign("example.org", FILE.as_bytes()).unwrap().replace("\r\n\t", "");
    let signed = fields.split("h=").nth(1).unwrap().split(';').next().unwrap();
    let mut names: Vec<_> = signed.split(':').collect();
    names.sort_unstable();
    assert_eq!(names, ["From", "From", "References", "Subject", "To"]);
    assert!(!fields.contains(" l=") && !fields.contains(" x="), "neither a length nor an end: {fields}");
}

#[test]
fn no_signature_has_a_fold_at_its_end() {
    assert_eq!(with_plain_end("b=a\r\n\tb\r\n\t;\r\n".to_owned()), "b=a\r\n\tb;\r\n");
    let fixture = fixture(&[("example.org", "s")]);
    // Fields of each length in `h`, so that signatures end in each column.
    let names = ["To", "Cc", "Date", "Sender", "Subject", "List-Id", "Reply-To", "Message-ID"];
    for chosen in 0..1_u32 << names.len() {
        let is_chosen = |index: usize| chosen & 1 << index != 0;
        let fields: String = (0..names.len())
            .filter(|index| is_chosen(*index))
            .map(|index| format!("{}: a\r\n", names[index]))
            .collect();
        let signed = fixture.keys.sign("example.org", format!("From: a\r\n{fields}\r\n").as_bytes()).unwrap();
        assert!(!signed.contains("\t;"), "{signed}");
    }
}

#[test]
fn the_nearest_domain_that_has_keys_signs() {
    let fixture = fixture(&[("example.org", "above"), ("shop.example.org", "own")]);
    let signed = |domain| {
        let fields = fixture.keys.sign(domain, FILE.as_bytes()).unwrap();
        let domain = fields.split("; d=").nth(1).map(|rest| rest.split(';').next().unwrap().to_owned());
        (selectors(&fields).first().copied().map(str::to_owned), domain)
    };
    let by = |selector: &str, domain: &str| (Some(selector.to_owned()), Some(domain.to_owned()));
    assert_eq!(signed("example.org"), by("above-rsa", "example.org"));
    assert_eq!(signed("shop.example.org"), by("own-rsa", "shop.example.org"));
    assert_eq!(signed("a.shop.example.org"), by("own-rsa", "shop.example.org"));
    assert_eq!(signed("other.example.org"), by("above-rsa", "example.org"));
    assert_eq!(signed("org"), (None, None));
    assert_eq!(signed("notexample.org"), (None, None));
}

#[test]
fn of_two_keys_of_a_kind_the_first_signs_and_the_other_waits_until_it_is_gone() {
    let fixture = fixture(&[("example.org", "2026"), ("example.org", "2027")]);
    let signed = |keys: &Keys| {
        let fields = keys.sign("example.org", FILE.as_bytes()).unwrap();
        selectors(&fields).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(signed(&fixture.keys), ["2026-rsa", "2026-ed25519"]);
    std::fs::remove_file(fixture.folder.path().join("example.org/2026-rsa.pem")).unwrap();
    let keys = KeyDirectory::at(fixture.folder.path()).read().unwrap();
    assert_eq!(signed(&keys), ["2027-rsa", "2026-ed25519"]);
}

#[tokio::test]
async fn mails_of_any_form_can_be_verified() {
    let fixture = fixture(&[("example.org", "s")]);
    let keys = Arc::new(fixture.keys.clone());
    let long =
        format!("From: a@example.org\r\nSubject: {}\r\n\r\n{}\r\n", "x ".repeat(400), "line \r\n".repeat(50_000));
    for mail in [
        "From: a@example.org\r\n\r\n",
        "From: a@example.org\r\n\r\n\r\n\r\n",
        "from:a@example.org\r\nSUBJECT :x\r\n\r\n\r\n",
        "From: a@example.org\r\nTo: a@b,\r\n\tc@d\r\nTo: e@f\r\n\r\n.\r\n..\r\n\u{e9}\r\n",
        &long,
    ] {
        let signed = keys.sign("example.org", mail.as_bytes()).unwrap() + mail;
        assert_eq!(fixture.verified(&signed).await, [true, true], "{}", &signed[..signed.len().min(900)]);
    }
}
