//! What is compared, against a name server and a mail host on loopback.

use hickory_resolver::proto::rr::RecordType;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::super::dkim::KeyDirectory;
use super::super::dkim::making::make;
use super::*;
use crate::runtime::net::name_server::{NameServer, Says, records};

const HELO: &str = "mail.example.org";

fn keys() -> Keys {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "example.org", "s").unwrap();
    KeyDirectory::at(folder.path()).read().unwrap()
}

/// A zone: name, type and text of each record.
async fn zone(records: Vec<(String, RecordType, String)>) -> NameServer {
    NameServer::start(move |name, kind| {
        let is_asked = |(known, of, _): &&(String, RecordType, String)| known == name && *of == kind;
        let texts: Vec<_> = records.iter().filter(is_asked).map(|(_, _, text)| text.clone()).collect();
        match texts.is_empty() {
            false => Says::Records(texts),
            true if records.iter().any(|(known, ..)| known == name) => Says::NoData,
            true => Says::NoSuchName,
        }
    })
    .await
}

/// A zone with all that is needed.
fn sound(keys: &Keys) -> Vec<(String, RecordType, String)> {
    let keys = keys.iter().flat_map(|(domain, keys)| keys.iter().map(move |key| (domain, key)));
    // A string of a record has 255 octets.
    let split = |text: String| if text.len() > 255 { format!("{}|{}", &text[..255], &text[255..]) } else { text };
    let keys = keys.map(|(domain, key)| (key.record_name(domain), RecordType::TXT, split(key.record())));
    let others = [
        (HELO, RecordType::A, "192.0.2.7"),
        ("7.2.0.192.in-addr.arpa", RecordType::PTR, "mail.example.org."),
        ("example.org", RecordType::TXT, "v=spf1 a:mail.example.org ~all"),
        ("_dmarc.example.org", RecordType::TXT, "v=DMARC1; p=none"),
    ];
    keys.chain(others.map(|(name, kind, text)| (name.to_owned(), kind, text.to_owned()))).collect()
}

async fn said(keys: &Keys, helo: Option<&str>, records: Vec<(String, RecordType, String)>) -> Vec<String> {
    let mut found = Vec::new();
    check(&zone(records).await.dns(), helo, keys, None, |finding| found.push(finding.to_string())).await;
    found
}

#[tokio::test]
async fn a_zone_that_has_all_lacks_nothing() {
    let keys = keys();
    let found = said(&keys, Some(HELO), sound(&keys)).await;
    let expected = [
        "ok: reverse DNS: 192.0.2.7 is mail.example.org",
        "ok: DKIM: s-ed25519._domainkey.example.org has the key of its file",
        "ok: DKIM: s-rsa._domainkey.example.org has the key of its file",
        "ok: SPF of example.org: 192.0.2.7 may send",
        "ok: DMARC of example.org: the policy is none, from _dmarc.example.org",
        "missing: port 25: not tried, for no mail host of example.org can be found: name a domain that you send to, as in `smsp check-config --connect DOMAIN`",
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn own_name_has_the_addresses_that_others_see_and_not_those_of_the_hosts_file() {
    let mut zone = sound(&Keys::default());
    for (name, _, text) in &mut zone {
        *name = name.replace(HELO, "in-file.example");
        *text = text.replace(HELO, "in-file.example");
    }
    let found = said(&Keys::default(), Some("in-file.example"), zone).await;
    assert_eq!(found[0], "ok: reverse DNS: 192.0.2.7 is in-file.example", "{found:#?}");
}

#[tokio::test]
async fn each_record_that_is_not_there_or_says_something_else_is_named() {
    let (keys, others) = (keys(), keys());
    for (name, text, told) in [
        (
            "s-rsa._domainkey.example.org",
            None,
            "s-rsa._domainkey.example.org: there is no such record: publish \"v=DKIM1; k=rsa; p=",
        ),
        (
            "s-ed25519._domainkey.example.org",
            Some("v=DKIM1; k=ed25519; p="),
            "s-ed25519._domainkey.example.org has another key",
        ),
        (
            "example.org",
            None,
            "SPF of example.org: there is no such record: publish \"v=spf1 a:mail.example.org ~all\"",
        ),
        ("example.org", Some("v=spf1 ip4:192.0.2.8 -all"), "SPF of example.org: 192.0.2.7 may not send"),
        ("example.org", Some("v=spf1 nonsense:"), "SPF of example.org: the record cannot be used"),
        ("_dmarc.example.org", None, "DMARC of example.org: there is no policy"),
        ("_dmarc.example.org", Some("v=DMARC1; p=perhaps"), "DMARC of example.org: there is no policy"),
        ("7.2.0.192.in-addr.arpa", None, "reverse DNS: 192.0.2.7 is to be mail.example.org: there is no such record"),
        (
            "7.2.0.192.in-addr.arpa",
            Some("host-7.example.net."),
            "192.0.2.7 is host-7.example.net, not mail.example.org",
        ),
        ("mail.example.org", None, "address of mail.example.org: there is no such record"),
        ("mail.example.org", None, "SPF of example.org: not compared"),
    ] {
        let mut zone = sound(&keys);
        let record = zone.iter_mut().find(|(known, ..)| known == name).unwrap();
        match text {
            Some(text) => record.2 = text.to_owned(),
            None => record.0 = "other.example".to_owned(),
        }
        let found = said(&keys, Some(HELO), zone).await;
        assert!(
            found.iter().any(|line| line.starts_with("missing: ") && line.contains(told)),
            "{name} {text:?}: {found:#?}"
        );
    }
    let mut zone = sound(&keys);
    for (.., text) in &mut zone {
        // Without it, a key is of RSA.
        *text = text.replace("k=ed25519; ", "");
    }
    let found = said(&keys, Some(HELO), zone).await;
    assert_eq!(
        found.iter().filter(|line| line.contains("s-ed25519._domainkey.example.org has another key")).count(),
        1
    );
    let found = said(&keys, Some(HELO), sound(&others)).await;
    assert_eq!(found.iter().filter(|line| line.contains("has another key than its file")).count(), 2, "{found:#?}");
    let found = said(&Keys::default(), None, Vec::new()).await;
    assert!(found[0].contains("SMSP_MX_HELO is not set") && found[1].contains("no domain has a DKIM key"), "{found:?}");
}

#[tokio::test]
async fn a_policy_above_holds_below() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "shop.example.org", "s").unwrap();
    let keys = KeyDirectory::at(folder.path()).read().unwrap();
    let found = said(&keys, Some(HELO), sound(&Keys::default())).await;
    let expected = "ok: DMARC of shop.example.org: the policy is none, from _dmarc.example.org";
    assert!(found.iter().any(|line| line == expected), "{found:#?}");
}

#[tokio::test]
async fn a_mail_host_that_greets_is_a_way_out_and_one_that_does_not_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = NameServer::start(|name, kind| match (name, kind) {
        ("example.com", RecordType::MX) => records(["10 mx.example.com."]),
        ("mx.example.com", RecordType::A) => records(["127.0.0.1"]),
        ("implicit.example", RecordType::A) => records(["127.0.0.1"]),
        ("implicit.example", _) => Says::NoData,
        _ => Says::NoSuchName,
    })
    .await;
    for (greeting, is_good) in [("220 mx.example.com\r\n", true), ("554 not you\r\n", false), ("", false)] {
        let greet = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting.as_bytes()).await.unwrap();
        };
        let dns = server.dns();
        let (found, ()) = tokio::join!(port::check(&dns, &["example.com"], port), greet);
        assert_eq!(found.is_good, is_good, "{found}");
        assert!(found.to_string().contains("mx.example.com (127.0.0.1)"), "{found}");
    }
    drop(listener);
    let found = port::check(&server.dns(), &["implicit.example"], port).await;
    assert!(found.to_string().contains("no greeting from implicit.example (127.0.0.1)"), "{found}");
}
