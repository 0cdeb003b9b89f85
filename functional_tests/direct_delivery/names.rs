//! Which servers get a mail, by what a name server says of its domain: a test for each rule of RFC 5321 5.1 and RFC 7505.

use std::sync::{Arc, Mutex};

use hickory_resolver::proto::rr::RecordType::{A, MX, TXT};

use super::fixture::{queued, tells};
use super::named::{Node, zone};
use crate::harness::lock::lock;
use crate::harness::mx_host::{Act, MxHost, own_address};
use crate::harness::name_server::Says;
use crate::harness::outbox::becomes;

/// A node with one server, and what is told of a mail to `x@a.example`.
async fn is_told(says: impl FnOnce(&str) -> Says, expected: &str) {
    let host = MxHost::start().await;
    let Some(node) = Node::asking(says(&host.ip()), &host.port(), |settings| settings).await else { return };
    let id = queued(&node.proxy, "told", &["x@a.example"]).await;
    tells(&node.proxy, &id, &[expected]).await;
    assert_eq!(host.heard("CONNECT"), 0, "nobody is asked to take it");
}

#[tokio::test]
async fn preferred_server_comes_first_and_domains_with_the_same_servers_are_one_site() {
    let first = MxHost::start().await;
    let second = first.beside(|_| Act::Usual).await;
    let says = zone(&[
        ("a.example", MX, "20 mx2.example.net."),
        ("a.example", MX, "10 mx1.example.net."),
        ("b.example", MX, "10 mx1.example.net."),
        ("b.example", MX, "20 mx2.example.net."),
        ("mx1.example.net", A, &first.ip()),
        ("mx2.example.net", A, &second.ip()),
    ]);
    let Some(node) = Node::asking(says, &first.port(), |settings| settings).await else { return };
    for number in 0..4 {
        let id = queued(&node.proxy, &format!("mail {number}"), &["x@a.example", "y@B.example"]).await;
        becomes(&node.proxy.client, &id, "accepted").await;
    }
    assert_eq!((first.heard("DATA"), second.heard("CONNECT")), (8, 0));
    let sites = node.proxy.client.ops("/sites").await.expect(200);
    let keys: Vec<_> = sites.json["sites"].as_array().expect("sites").iter().map(|site| &site["key"]).collect();
    assert_eq!(keys, ["mx1.example.net,mx2.example.net"], "{sites}");
}

#[tokio::test]
async fn domain_without_mx_records_is_its_own_server() {
    let host = MxHost::start().await;
    let says = zone(&[("a.example", A, &host.ip())]);
    let Some(node) = Node::asking(says, &host.port(), |settings| settings).await else { return };
    let id = queued(&node.proxy, "implicit", &["x@a.example"]).await;
    let mail = tells(&node.proxy, &id, &["delivered smtp_250 2.0.0"]).await;
    assert_eq!(mail.at("/recipients/0/host"), "a.example", "{mail}");
}

#[tokio::test]
async fn domain_that_does_not_exist_is_refused_for_good() {
    is_told(|ip| zone(&[("b.example", A, ip)]), "refused no_such_domain 5.1.2").await;
}

#[tokio::test]
async fn domain_with_a_null_mx_is_refused_for_good_and_its_address_is_left_alone() {
    is_told(|ip| zone(&[("a.example", MX, "0 ."), ("a.example", A, ip)]), "refused null_mx 5.1.10").await;
}

#[tokio::test]
async fn domain_with_neither_servers_nor_an_address_is_refused_for_good() {
    is_told(|_| zone(&[("a.example", TXT, "v=spf1 -all")]), "refused no_mail_server 5.4.4").await;
}

/// Is told, and once the name server knows all, is delivered.
async fn waits_for_better_records(says: Says, expected: &str) {
    let host = MxHost::start().await;
    let Some(node) = Node::asking(says, &host.port(), |settings| settings).await else { return };
    let id = queued(&node.proxy, "waits", &["x@a.example"]).await;
    tells(&node.proxy, &id, &[expected]).await;
    node.names.says(zone(&[("a.example", MX, "10 mx.a.example."), ("mx.a.example", A, &host.ip())]));
    becomes(&node.proxy.client, &id, "accepted").await;
}

#[tokio::test]
async fn mail_waits_while_the_name_server_fails() {
    waits_for_better_records(Says::ServerFailure, "deferred dns 4.4.3").await;
}

#[tokio::test]
async fn mail_waits_while_no_server_of_its_domain_has_an_address() {
    waits_for_better_records(zone(&[("a.example", MX, "10 mx.a.example.")]), "deferred no_address 4.4.4").await;
}

#[tokio::test]
async fn server_whose_name_does_not_exist_is_left_out() {
    let host = MxHost::start().await;
    let says = zone(&[
        ("a.example", MX, "10 gone.a.example."),
        ("a.example", MX, "20 mx.a.example."),
        ("mx.a.example", A, &host.ip()),
    ]);
    let Some(node) = Node::asking(says, &host.port(), |settings| settings).await else { return };
    let id = queued(&node.proxy, "left out", &["x@a.example"]).await;
    let mail = tells(&node.proxy, &id, &["delivered smtp_250 2.0.0"]).await;
    assert_eq!(mail.at("/recipients/0/host"), "mx.a.example", "{mail}");
}

#[tokio::test]
async fn private_addresses_are_not_connected_to_unless_that_is_allowed() {
    let host = MxHost::start().await;
    let says = zone(&[("a.example", MX, "10 mx.a.example."), ("mx.a.example", A, &host.ip())]);
    let usual = |settings: crate::harness::Settings| settings.without("SMSP_MX_ALLOW_PRIVATE");
    let Some(node) = Node::asking(says, &host.port(), usual).await else { return };
    let id = queued(&node.proxy, "private", &["x@a.example"]).await;
    tells(&node.proxy, &id, &["deferred private_address 4.4.4"]).await;
    assert_eq!(host.heard("CONNECT"), 0);
}

/// `a.example` has these servers, in order of preference.
fn in_order(addresses: &[String]) -> Says {
    let names: Vec<_> = (0..addresses.len()).map(|number| format!("mx{number}.a.example")).collect();
    let exchangers: Vec<_> = names.iter().enumerate().map(|(at, name)| format!("{at} {name}.")).collect();
    let mut records: Vec<_> = exchangers.iter().map(|text| ("a.example", MX, text.as_str())).collect();
    records.extend(names.iter().zip(addresses).map(|(name, address)| (name.as_str(), A, address.as_str())));
    zone(&records)
}

#[tokio::test]
async fn no_more_than_five_addresses_are_tried() {
    let sixth = MxHost::start().await;
    let mut addresses: Vec<_> = (0..5).map(|_| own_address().to_string()).collect();
    addresses.push(sixth.ip());
    let once = |settings: crate::harness::Settings| settings.with("SMSP_OUTBOX_ATTEMPTS", "1");
    let Some(node) = Node::asking(in_order(&addresses), &sixth.port(), once).await else { return };
    let id = queued(&node.proxy, "five", &["x@a.example"]).await;
    tells(&node.proxy, &id, &["refused attempts -"]).await;
    assert_eq!(sixth.heard("CONNECT"), 0);
    node.names.says(in_order(&addresses[1..]));
    let id = queued(&node.proxy, "four", &["x@a.example"]).await;
    becomes(&node.proxy.client, &id, "accepted").await;
}

fn puts_off(line: &str) -> Act {
    if line.starts_with("RCPT") { Act::Say("450 4.2.0 later") } else { Act::Usual }
}

#[tokio::test]
async fn two_servers_that_put_a_mail_off_are_enough_for_one_attempt() {
    let first = MxHost::that(puts_off).await;
    let (second, third) = (first.beside(puts_off).await, first.beside(|_| Act::Usual).await);
    let says = in_order(&[first.ip(), second.ip(), third.ip()]);
    let once = |settings: crate::harness::Settings| settings.with("SMSP_OUTBOX_ATTEMPTS", "1");
    let Some(node) = Node::asking(says, &first.port(), once).await else { return };
    let id = queued(&node.proxy, "two", &["x@a.example"]).await;
    tells(&node.proxy, &id, &["refused attempts 4.2.0"]).await;
    assert_eq!([&first, &second, &third].map(|host| host.heard("CONNECT")), [1, 1, 0]);
}

/// Puts every mail off at its first attempt, in which it meets both servers.
fn greylists(name: &'static str, met: &Arc<Mutex<Vec<&'static str>>>) -> impl Fn(&str) -> Act + Send + Sync + 'static {
    let met = Arc::clone(met);
    move |line| {
        if !line.starts_with("RCPT") {
            return Act::Usual;
        }
        let mut met = lock(&met);
        met.push(name);
        if met.len() <= 2 { Act::Say("450 4.2.0 greylisted") } else { Act::Usual }
    }
}

#[tokio::test]
async fn mail_that_was_put_off_comes_back_to_the_server_that_it_met_first() {
    let met = Arc::<Mutex<Vec<_>>>::default();
    let one = MxHost::that(greylists("one", &met)).await;
    let two = one.beside(greylists("two", &met)).await;
    let says = zone(&[
        ("a.example", MX, "10 mx1.a.example."),
        ("a.example", MX, "10 mx2.a.example."),
        ("mx1.a.example", A, &one.ip()),
        ("mx2.a.example", A, &two.ip()),
    ]);
    let Some(node) = Node::asking(says, &one.port(), |settings| settings).await else { return };
    for number in 0..8 {
        let id = queued(&node.proxy, &format!("mail {number}"), &["x@a.example"]).await;
        becomes(&node.proxy.client, &id, "accepted").await;
        let met = std::mem::take(&mut *lock(&met));
        assert!(met.len() == 3 && met[0] != met[1] && met[0] == met[2], "{met:?}");
    }
}
