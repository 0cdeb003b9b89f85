//! Lookups against a name server on loopback.

use super::super::name_server::{NameServer, Says, records};
use super::*;

async fn mx(says: Says) -> Result<Vec<Mx>, Missing> {
    NameServer::start(move |_, _| says.clone()).await.dns().mx("example.org").await
}

#[tokio::test]
async fn exchangers_come_in_lower_case_without_the_final_dot_and_the_root_is_empty() {
    let found = mx(records(["10 MX1.Example.ORG.", "0 ."])).await.unwrap();
    let of = |preference, host: &str| Mx { preference, host: host.to_owned() };
    assert_eq!(found, [of(10, "mx1.example.org"), of(0, "")]);
}

#[tokio::test]
async fn an_unknown_name_no_records_and_no_answer_are_told_apart() {
    for (says, missing) in [
        (Says::NoSuchName, Missing::Name),
        (Says::NoData, Missing::Records),
        (Says::ServerFailure, Missing::Answer),
        (Says::Referral, Missing::Answer),
        (Says::Silence, Missing::Answer),
    ] {
        assert_eq!(mx(says.clone()).await, Err(missing), "{says:?}");
    }
}

#[tokio::test]
async fn a_name_that_no_query_can_carry_does_not_exist() {
    let server = NameServer::start(|_, _| records(["10 mx.example.org"])).await;
    for name in ["a..example.org".to_owned(), format!("{}.org", "a".repeat(64))] {
        assert_eq!(server.dns().mx(&name).await, Err(Missing::Name), "{name}");
    }
}

#[tokio::test]
async fn an_answer_is_remembered_and_a_failure_is_not() {
    let server = NameServer::start(|_, _| records(["10 mx.example.org"])).await;
    let dns = server.dns();
    for _ in 0..3 {
        assert!(dns.mx("example.org").await.is_ok());
    }
    assert_eq!(server.queries(), 1);
    let server = NameServer::start(|_, _| Says::ServerFailure).await;
    let dns = server.dns();
    assert!(dns.mx("example.org").await.is_err());
    let before = server.queries();
    assert!(dns.mx("example.org").await.is_err());
    assert!(server.queries() > before, "asked again");
}

/// `direct.example` is an alias of a host, `lost.example` of a name that does not exist, `one.example` leads to itself along
/// another, and `self.example` at once.
fn aliases(name: &str, kind: RecordType) -> Says {
    match (name, kind) {
        ("direct.example", _) => Says::Alias("host.example."),
        ("lost.example", _) => Says::Alias("nobody.example."),
        ("one.example", _) => Says::Alias("other.example."),
        ("other.example", _) => Says::Alias("one.example."),
        ("self.example", _) => Says::Alias("self.example."),
        ("host.example", RecordType::A) => records(["192.0.2.1"]),
        ("host.example", _) => Says::NoData,
        _ => Says::NoSuchName,
    }
}

#[tokio::test]
async fn a_circle_of_aliases_is_no_answer_and_an_alias_that_ends_somewhere_is_one() {
    let server = NameServer::start(aliases).await;
    let dns = server.dns();
    for (name, mx, addresses) in [
        ("direct.example", Missing::Records, Ok(vec!["192.0.2.1".parse().unwrap()])),
        ("lost.example", Missing::Name, Err(Missing::Name)),
        ("one.example", Missing::Answer, Err(Missing::Answer)),
        ("self.example", Missing::Answer, Err(Missing::Answer)),
    ] {
        assert_eq!((dns.mx(name).await, dns.addresses(name).await), (Err(mx), addresses), "{name}");
    }
}

/// An answer without records, and without the proof of that.
const BARE: Says = Says::Records(Vec::new());

#[tokio::test]
async fn an_answer_without_records_or_proof_is_one_where_the_name_is_known_to_be_no_alias() {
    for (of_alias, expected) in [
        (BARE, Missing::Records),
        (Says::NoData, Missing::Records),
        (Says::Alias("example.org."), Missing::Answer),
        (Says::Silence, Missing::Answer),
        (Says::ServerFailure, Missing::Answer),
        (Says::NoSuchName, Missing::Answer),
        (Says::Referral, Missing::Answer),
    ] {
        let shown = format!("{of_alias:?}");
        let says = move |_: &str, kind| if kind == RecordType::CNAME { of_alias.clone() } else { BARE };
        assert_eq!(NameServer::start(says).await.dns().mx("example.org").await, Err(expected), "{shown}");
    }
}

#[tokio::test]
async fn a_node_is_not_deaf_that_hears_of_a_circle_of_aliases_and_nothing_else() {
    let server = NameServer::start(aliases).await;
    let (dns, since) = (server.dns(), tokio::time::Instant::now());
    assert!(dns.mx("one.example").await.is_err() && !dns.is_deaf(since));
}

#[tokio::test]
async fn one_family_alone_is_enough_and_none_is_told_by_its_better_known_half() {
    let six = || records(["2001:db8::1"]);
    let four = || records(["192.0.2.1"]);
    let addresses = |texts: &[&str]| Ok(texts.iter().map(|text| text.parse::<IpAddr>().unwrap()).collect::<Vec<_>>());
    for (of_six, of_four, expected) in [
        (six(), four(), addresses(&["2001:db8::1", "192.0.2.1"])),
        (six(), Says::ServerFailure, addresses(&["2001:db8::1"])),
        (Says::Silence, four(), addresses(&["192.0.2.1"])),
        (Says::NoData, Says::NoData, Err(Missing::Records)),
        (Says::NoSuchName, Says::NoData, Err(Missing::Name)),
        (Says::NoData, Says::ServerFailure, Err(Missing::Answer)),
        (Says::ServerFailure, Says::NoSuchName, Err(Missing::Answer)),
    ] {
        let shown = format!("{of_six:?} and {of_four:?}");
        let script = move |_: &str, kind| if kind == RecordType::AAAA { of_six.clone() } else { of_four.clone() };
        assert_eq!(NameServer::start(script).await.dns().addresses("mx.example.org").await, expected, "{shown}");
    }
}

#[tokio::test]
async fn the_hosts_file_answers_for_its_names() {
    let server = NameServer::start(|_, _| Says::NoSuchName).await;
    assert_eq!(server.dns().addresses("in-file.example").await, Ok(vec!["127.0.0.9".parse().unwrap()]));
    assert_eq!(server.queries(), 0);
}

#[tokio::test]
async fn a_text_in_pieces_is_one_text() {
    let server = NameServer::start(|_, _| records(["v=STSv1; |id=1;", "other"])).await;
    assert_eq!(server.dns().txt("_mta-sts.example.org").await, Ok(vec![b"v=STSv1; id=1;".to_vec(), b"other".to_vec()]));
}

#[tokio::test]
async fn names_of_an_address_are_those_that_its_reverse_zone_has() {
    let server = NameServer::start(|name, _| match name {
        "7.2.0.192.in-addr.arpa" => records(["Mail.Example.org."]),
        name if name.ends_with("8.b.d.0.1.0.0.2.ip6.arpa") => records(["six.example.org."]),
        _ => Says::NoSuchName,
    })
    .await;
    let dns = server.dns();
    assert_eq!(dns.names("192.0.2.7".parse().unwrap()).await, Ok(vec!["mail.example.org".to_owned()]));
    assert_eq!(dns.names("2001:db8::1".parse().unwrap()).await, Ok(vec!["six.example.org".to_owned()]));
    assert_eq!(dns.names("192.0.2.8".parse().unwrap()).await, Err(Missing::Name));
}

/// Names that begin with `lame` have a zone that fails, those with `silent` one of which nothing is heard.
fn some(name: &str, _: RecordType) -> Says {
    match name {
        name if name.starts_with("lame") => Says::ServerFailure,
        name if name.starts_with("silent") => Says::Silence,
        _ => records(["10 mx.example.org"]),
    }
}

#[tokio::test]
async fn a_node_is_deaf_that_hears_nothing_and_not_one_that_hears_of_a_failure() {
    let server = NameServer::start(some).await;
    let (dns, since) = (server.dns(), tokio::time::Instant::now());
    assert!(dns.mx("silent.example").await.is_err() && dns.is_deaf(since));
    assert!(dns.mx("lame.example").await.is_err() && !dns.is_deaf(since));
    let since = tokio::time::Instant::now();
    assert!(dns.mx("example.org").await.is_ok() && !dns.is_deaf(since), "an answer is heard, too");
}

#[tokio::test]
async fn a_node_for_which_name_after_name_fails_is_deaf_until_a_new_answer_comes() {
    let server = NameServer::start(some).await;
    let (dns, since) = (server.dns(), tokio::time::Instant::now());
    assert!(dns.mx("cached.example").await.is_ok());
    for _ in 0..9 {
        assert!(dns.mx("lame.example").await.is_err() && !dns.is_deaf(since), "it is that zone");
    }
    for number in 1..=4 {
        assert!(dns.mx(&format!("lame{number}.example")).await.is_err());
    }
    assert!(dns.is_deaf(since));
    let queries = server.queries();
    assert!(dns.mx("cached.example").await.is_ok() && server.queries() == queries);
    assert!(dns.is_deaf(since), "what is remembered proves nothing");
    assert!(dns.mx("new.example").await.is_ok() && !dns.is_deaf(since));
}
