//! A node that delivers to mail servers on loopback alone, and mails to several domains.

use serde_json::{Value, json};

use crate::harness::database::Database;
use crate::harness::mx_host::MxHost;
use crate::harness::outbox::{id, queue, shown};
use crate::harness::wait::{PATIENCE, eventually_within, when};
use crate::harness::{Answer, Proxy, Settings};

/// Domains were closed for up to a minute; who has split the mail cannot open them any more.
pub(super) const OPEN_DOMAINS: [&str; 2] = [
    "update domain set closed_until = 0, turn = 0 returning 1",
    "update smsp_domain set closed_until = 0, turn = 0 returning 1",
];

/// A node that delivers to the recipients' own servers alone.
pub(super) fn alone(database: &Database) -> Settings {
    database.under(Settings::server()).with("SMSP_PROVIDERS", "mx").with("SMSP_MX_HELO", "mail.example.org")
}

/// Where these domains are served by these hosts, in order, all at the port of the first one. The second and the later attempts
/// follow after 200 ms.
pub(super) fn served(database: &Database, port: &MxHost, domains: &[(&str, &[&str])]) -> Settings {
    let domains: Vec<_> = domains.iter().map(|(domain, hosts)| format!("{domain}:{}", hosts.join(","))).collect();
    alone(database)
        .with("SMSP_MX_STATIC", &domains.join(";"))
        .with("SMSP_MX_PORT", &port.port())
        .with("SMSP_OUTBOX_RETRY", "200ms")
}

/// Where all of these domains are served by this host.
pub(super) fn at(database: &Database, host: &MxHost, domains: &[&str]) -> Settings {
    let ip = host.ip();
    let hosts = [ip.as_str()];
    let domains: Vec<_> = domains.iter().map(|domain| (*domain, &hosts[..])).collect();
    served(database, host, &domains)
}

/// A mail with this subject to these recipients.
pub(super) fn mail(subject: &str, to: &[&str]) -> Value {
    json!({"from": "sender@example.com", "to": to, "subject": subject, "text": "body"})
}

/// Queues it: its id.
pub(super) async fn queued(proxy: &Proxy, subject: &str, to: &[&str]) -> String {
    id(&queue(&proxy.client, &mail(subject, to)).await.expect(202))
}

/// What is told of each recipient: its status, the reason, and the code of its server.
pub(super) fn told(mail: &Answer) -> Vec<String> {
    let word = |recipient: &Value, name: &str| recipient[name].as_str().unwrap_or("-").to_owned();
    let recipients = mail.json["recipients"].as_array().unwrap_or_else(|| panic!("no recipients: {mail}"));
    recipients.iter().map(|one| ["status", "reason", "code"].map(|name| word(one, name)).join(" ")).collect()
}

/// Waits until this is told of its recipients.
pub(super) async fn tells(proxy: &Proxy, id: &str, expected: &[&str]) -> Answer {
    eventually_within(2 * PATIENCE, &format!("{id} tells {expected:?}"), async || {
        let mail = shown(&proxy.client, id).await.expect(200);
        when(told(&mail) == expected, || format!("{mail}\n{}", proxy.process.evidence())).map(|()| mail)
    })
    .await
}
