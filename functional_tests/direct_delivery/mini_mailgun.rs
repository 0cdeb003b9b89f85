//! What Mini-MailGun promised of its delivery, in its ten end-to-end tests, on both stores and without waiting for chance.

use std::collections::BTreeMap;

use serde_json::json;

use super::fixture::{at, mail, queued, served};
use crate::harness::database::{Database, on_both_stores};
use crate::harness::mx_host::{Act, MxHost, own_address};
use crate::harness::outbox::{becomes, queue, shown};
use crate::harness::{Client, Proxy};

on_both_stores! {
    single_mail_is_delivered,
    mail_to_two_domains_reaches_the_server_of_each,
    mail_is_delivered_beside_a_domain_that_has_no_server,
    mail_that_was_put_off_is_tried_again_and_then_accepted,
    attempts_are_limited_and_then_the_mail_is_refused,
    server_that_stalls_holds_up_no_mail_to_another,
    wrong_caller_is_refused,
    mail_of_another_caller_is_hidden,
    servers_are_tried_in_their_order_until_one_takes_the_mail,
    mail_whose_sender_is_refused_is_refused,
}

/// Each of these once.
fn once(recipients: &[&str]) -> BTreeMap<String, usize> {
    recipients.iter().map(|recipient| ((*recipient).to_owned(), 1)).collect()
}

async fn single_mail_is_delivered(database: &Database) {
    let host = MxHost::start().await;
    let proxy = Proxy::start(at(database, &host, &["a.example"])).await;
    let id = queued(&proxy, "single", &["user@a.example"]).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(host.taken("single"), once(&["user@a.example"]));
}

async fn mail_to_two_domains_reaches_the_server_of_each(database: &Database) {
    let one = MxHost::start().await;
    let two = one.beside(|_| Act::Usual).await;
    let domains: [(&str, &[&str]); 2] = [("a.example", &[&one.ip()]), ("b.example", &[&two.ip()])];
    let proxy = Proxy::start(served(database, &one, &domains)).await;
    let id = queued(&proxy, "two", &["x@a.example", "y@b.example", "z@A.example"]).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(one.taken("two"), once(&["x@a.example", "z@a.example"]));
    assert_eq!(two.taken("two"), once(&["y@b.example"]));
    assert_eq!((one.heard("DATA"), two.heard("DATA")), (1, 1), "one mail for each domain");
}

async fn mail_is_delivered_beside_a_domain_that_has_no_server(database: &Database) {
    let host = MxHost::start().await;
    let ip = host.ip();
    // A name that no name server knows (RFC 6761 6.4), and none is asked for it here either.
    let domains: [(&str, &[&str]); 2] = [("a.example", &[&ip]), ("b.example", &["mx.invalid"])];
    let settings = served(database, &host, &domains).with("SMSP_OUTBOX_ATTEMPTS", "2");
    let proxy = Proxy::start(settings).await;
    let id = queued(&proxy, "partial", &["x@a.example", "y@b.example"]).await;
    host.hears(".", 1).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(host.taken("partial"), once(&["x@a.example"]));
    let alone = queued(&proxy, "none", &["y@b.example"]).await;
    becomes(&proxy.client, &alone, "refused").await;
}

async fn mail_that_was_put_off_is_tried_again_and_then_accepted(database: &Database) {
    let put_off = std::sync::atomic::AtomicBool::new(false);
    let once_put_off = move |line: &str| {
        let is_first = line == "." && !put_off.swap(true, std::sync::atomic::Ordering::SeqCst);
        if is_first { Act::Say("451 4.3.0 later") } else { Act::Usual }
    };
    let host = MxHost::that(once_put_off).await;
    let proxy = Proxy::start(at(database, &host, &["a.example"])).await;
    let id = queued(&proxy, "again", &["x@a.example"]).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!((host.taken("again"), host.heard("DATA")), (once(&["x@a.example"]), 2));
}

async fn attempts_are_limited_and_then_the_mail_is_refused(database: &Database) {
    let later = |line: &str| if line == "." { Act::Say("451 4.3.0 later") } else { Act::Usual };
    let host = MxHost::that(later).await;
    let settings = at(database, &host, &["a.example"]).with("SMSP_OUTBOX_ATTEMPTS", "4");
    let proxy = Proxy::start(settings).await;
    let id = queued(&proxy, "limited", &["x@a.example"]).await;
    becomes(&proxy.client, &id, "refused").await;
    assert_eq!((host.taken("limited"), host.heard("DATA")), (BTreeMap::new(), 4));
}

async fn server_that_stalls_holds_up_no_mail_to_another(database: &Database) {
    let stalled = MxHost::that(|line| if line.starts_with("MAIL") { Act::Stall } else { Act::Usual }).await;
    let other = stalled.beside(|_| Act::Usual).await;
    let domains: [(&str, &[&str]); 2] = [("slow.example", &[&stalled.ip()]), ("b.example", &[&other.ip()])];
    let proxy = Proxy::start(served(database, &stalled, &domains)).await;
    let mut slow = Vec::new();
    for _ in 0..5 {
        slow.push(queued(&proxy, "slow", &["x@slow.example"]).await);
    }
    stalled.hears("MAIL", 1).await;
    let id = queued(&proxy, "fast", &["y@b.example"]).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!(other.taken("fast"), once(&["y@b.example"]));
    for id in slow {
        let status = shown(&proxy.client, &id).await.expect(200).json["status"].clone();
        assert!(["queued", "sending", "claimed"].contains(&status.as_str().unwrap_or_default()), "{status}");
    }
}

async fn wrong_caller_is_refused(database: &Database) {
    let host = MxHost::start().await;
    let proxy = Proxy::start(at(database, &host, &["a.example"])).await;
    let nobody = Client::new(&format!("http://{}", proxy.api), "no-key-of-anybody-0001");
    queue(&nobody, &mail("wrong", &["x@a.example"])).await.expect(401);
    assert_eq!(host.heard("CONNECT"), 0);
}

async fn mail_of_another_caller_is_hidden(database: &Database) {
    let host = MxHost::start().await;
    let (shop, app) = ("key-of-the-shop-0000000000000001", "key-of-the-app-00000000000000001");
    let keys = format!("shop:{shop},app:{app}");
    let settings = at(database, &host, &["a.example"]).without("SMSP_API_KEY").with("SMSP_API_KEYS", &keys);
    let proxy = Proxy::start(settings).await;
    let client = |key: &str| Client::new(&format!("http://{}", proxy.api), key);
    let accepted = queue(&client(shop), &mail("hidden", &["x@a.example"])).await.expect(202);
    let id = crate::harness::outbox::id(&accepted);
    becomes(&client(shop), &id, "accepted").await;
    let hidden = shown(&client(app), &id).await.expect(404).json;
    let unknown = shown(&client(app), "0190a6f0-0000-7000-8000-000000000000").await.expect(404).json;
    let told = |json: &serde_json::Value| json!([json["type"], json["title"], json["detail"]]);
    assert_eq!(told(&hidden), told(&unknown));
}

async fn servers_are_tried_in_their_order_until_one_takes_the_mail(database: &Database) {
    let later = |line: &str| if line.starts_with("RCPT") { Act::Say("450 4.2.1 later") } else { Act::Usual };
    let first = MxHost::that(later).await;
    let last = first.beside(|_| Act::Usual).await;
    // Nobody listens at the second one.
    let (dead, hosts) = (own_address().to_string(), (first.ip(), last.ip()));
    let domains: [(&str, &[&str]); 1] = [("a.example", &[&hosts.0, &dead, &hosts.1])];
    let proxy = Proxy::start(served(database, &first, &domains)).await;
    let id = queued(&proxy, "loop", &["x@a.example"]).await;
    becomes(&proxy.client, &id, "accepted").await;
    assert_eq!((first.heard("RCPT"), last.taken("loop")), (1, once(&["x@a.example"])), "in one attempt");
}

async fn mail_whose_sender_is_refused_is_refused(database: &Database) {
    let refuses = |line: &str| if line.starts_with("MAIL") { Act::Say("553 5.1.8 no") } else { Act::Usual };
    let host = MxHost::that(refuses).await;
    let proxy = Proxy::start(at(database, &host, &["a.example"])).await;
    let id = queued(&proxy, "refused", &["x@a.example"]).await;
    becomes(&proxy.client, &id, "refused").await;
    assert_eq!((host.heard("MAIL"), host.heard("RCPT")), (1, 0), "it is not tried again");
}
